// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// Our side of a process that has been made and waits to become its command.
///
/// Create promises a pid and Start begins the command, so Create spawns this program again as
/// `held`: it reads one byte from its descriptor 3 and executes the command in its own place. The
/// descriptor closes by that (close-on-exec), or brings back what went wrong.
final class HeldProcess {
  private let loop: EventLoop
  private var channel: Watch?
  private var onOutcome: ((Errno?) -> Void)?

  init(_ loop: EventLoop, channel: consuming Descriptor) {
    self.loop = loop
    self.channel = Watch(loop, channel, onReadable: { [unowned self] in outcomeIsThere() })
  }

  /// Lets the process go on; tells nil once it executes the command, or why it could not.
  func release(_ onOutcome: @escaping (Errno?) -> Void) {
    guard let channel else { return onOutcome(.noSuchProcess) }
    self.onOutcome = onOutcome
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
    onOutcome.take()?(outcome)
  }
}

/// The other side: what `containerd-shim-swift-v2 held COMMAND …` does.
package enum HeldCommand {
  static let go: UInt8 = 1
  static let channel: Int32 = 3

  /// Becomes the command, or comes back with the exit code.
  package static func run(_ command: [String]) -> Int32 {
    guard !command.isEmpty, let channel = try? Descriptor.inherited(Self.channel) else { return 2 }
    // The end of the stream: the shim is gone, and nobody will ever start this.
    guard let word = try? channel.readByte(), word == go else { return 1 }
    let error = CurrentProcess.execute(command)
    // An errno is below 256.
    _ = try? channel.write([UInt8(truncatingIfNeeded: error.rawValue)].span)
    return 127
  }
}
