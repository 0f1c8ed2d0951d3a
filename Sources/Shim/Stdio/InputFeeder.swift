// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// The standard input of a process out of something that is no FIFO: a file, /dev/null, a terminal.
///
/// A copy of us opens and reads it and writes to the process. A disk takes its time, and epoll takes
/// neither files nor /dev/null.
final class InputFeeder {
  private let path: String
  /// A file has an end; of other things CloseIO makes one.
  private let hasEnd: Bool
  private var pidfd: Descriptor?

  /// What cannot be read, such as a folder, ends at once, and the log says why.
  init(_ hub: StdioHub, path: String, sink: Int32) throws(Errno) {
    self.path = path
    hasEnd = try FileKind.of(path) == .regular
    let child = try ChildProcess.copy(
      descriptors: [Command.null, sink], openFiles: hub.children.openFiles
    ) {
      CurrentProcess.setName("shim:input")
      return Self.feed(path)
    }
    hub.children.register(child.pid) { [weak self, warn = hub.warn] status in
      self?.pidfd = nil
      guard status.code != 0, !status.wasKilled else { return }
      warn(
        "the input cannot be read",
        [("path", path), ("error", "\(Errno(rawValue: Int32(status.code)))")])
    }
    pidfd = child.takeDescriptor()
  }

  /// No more input is wanted from what has no end.
  func closeInput() { if !hasEnd { close() } }

  func close() { try? pidfd?.signalProcess(SIGKILL) }

  deinit { close() }

  /// In the copy: from the path to descriptor 1. Answers the errno, or 0.
  private static func feed(_ path: String) -> Int32 {
    do throws(Errno) {
      let input = try Descriptor.reading(path)
      let output = try Descriptor.inherited(STDOUT_FILENO)
      var buffer = [UInt8](repeating: 0, count: 64 * 1024)
      while true {
        let count = try unsafe buffer.withUnsafeMutableBufferPointer {
          bytes throws(Errno) in try unsafe input.read(into: bytes)
        }
        if count == 0 { return 0 }
        do throws(Errno) {
          try output.writeAll(buffer[..<count])
        } catch {
          return 0  // nobody reads it any more
        }
      }
    } catch {
      return error.rawValue
    }
  }
}
