// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// Our side of a process that has been made and waits to become its command.
///
/// Create promises a pid and Start begins the command, so Create spawns this program again as
/// `held`: it reads one byte from its descriptor 3 and executes the command in its own place. The
/// descriptor closes by that (close-on-exec), or brings back what went wrong. When nobody holds this
/// object any more, a process that still waits ends.
final class HeldProcess {
  private let name: String
  private var channel: Watch?
  private var completion: ((RuntimeError?) -> Void)?

  /// - Parameter name: the command's, for an error.
  init(_ loop: EventLoop, channel: consuming Descriptor, name: String) {
    self.name = name
    self.channel = Watch(loop, channel, onReadable: { [unowned self] in outcomeIsThere() })
  }

  /// Lets the process go on; tells nil once it executes the command, or why it could not. Keeps
  /// itself until then.
  func release(completion: @escaping (RuntimeError?) -> Void) {
    guard let channel else { return completion(.processFinished) }
    self.completion = { [self] error in withExtendedLifetime(self) { completion(error) } }
    channel.awaitsReadable = true
    do throws(Errno) {
      // One byte into an empty socket: never partial, never EAGAIN.
      _ = try channel.descriptor.write([HeldCommand.go].span)
    } catch {
      finish(error)  // EPIPE: it was killed while it waited
    }
  }

  private func outcomeIsThere() {
    guard let channel else { return }
    do throws(Errno) {
      finish(try channel.descriptor.readByte().map { Errno(rawValue: Int32($0)) })
    } catch .wouldBlock {
      return
    } catch {
      finish(error)
    }
  }

  private func finish(_ outcome: Errno?) {
    channel = nil
    completion.take()?(outcome.map { .failed("exec \(name): \($0)") })
  }
}

/// The other side: what `containerd-shim-swift-v2 held DIRECTORY COMMAND …` does.
package enum HeldCommand {
  static let go: UInt8 = 1
  static let channel: Int32 = 3

  /// Becomes the command, or comes back with the exit code.
  package static func run(_ words: [String]) -> Int32 {
    guard words.count > 1, let channel = try? Descriptor.inherited(Self.channel) else { return 2 }
    // The end of the stream: the shim is gone, and nobody will ever start this.
    guard let word = try? channel.readByte(), word == go else { return 1 }
    do throws(Errno) {
      // Only a terminal made for it: other inputs are pipes, or nothing.
      if StandardStreams.inputIsTerminal { try CurrentProcess.takeTerminal() }
      try CurrentProcess.enter(words[0])
      try CurrentProcess.execute(Array(words.dropFirst()))
    } catch {
      // An errno is below 256.
      _ = try? channel.write([UInt8(truncatingIfNeeded: error.rawValue)].span)
    }
    return 127
  }
}
