// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Synchronization
internal import TaskService

internal import struct SystemPackage.Errno

/// Containerd's log FIFO in the bundle. Lines are written whole or dropped: a reader that does not
/// read must neither hold up nor end the shim.
final class LogSink: Sendable {
  private struct State: ~Copyable {
    var fifo: Descriptor?
    var dropped = 0
  }

  private let state: Mutex<State>

  /// In the bundle, the working directory.
  static let name = "log"

  /// Without the FIFO every line is dropped.
  init(path: String = name) {
    // Both ends: then the open cannot block, nor a write get EPIPE, and lines wait in the FIFO while
    // containerd restarts.
    let fifo = try? Fifo(path: path).openBothEnds()
    state = Mutex(State(fifo: fifo))
  }

  func write(_ line: String) {
    state.withLock { state in
      if state.dropped > 0 {
        let report = Logfmt.line(.warning, "log lines dropped", [("count", String(state.dropped))])
        guard Self.put(report, state.fifo) else {
          state.dropped += 1
          return
        }
        state.dropped = 0
      }
      if !Self.put(line, state.fifo) { state.dropped += 1 }
    }
  }

  /// Up to 4096 bytes (PIPE_BUF) a write to a FIFO is all or nothing; a longer line is cut.
  private static func put(_ line: String, _ fifo: borrowing Descriptor?) -> Bool {
    var bytes = Array(line.utf8.prefix(4095))
    bytes.append(UInt8(ascii: "\n"))
    do throws(Errno) {
      return try fifo?.write(bytes.span) == bytes.count
    } catch {
      return false
    }
  }
}
