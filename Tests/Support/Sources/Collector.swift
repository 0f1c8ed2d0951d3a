// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Gathers what comes out of a descriptor.
package final class Collector {
  private let handle: Handle
  package private(set) var bytes: [UInt8] = []
  /// All writers are gone.
  package private(set) var hasEnded = false

  package init(_ handle: Handle) { self.handle = handle }

  /// A reader of a FIFO, whether it has a writer or not.
  package convenience init(fifo path: String) throws {
    self.init(try Handle.open(path, O_RDONLY | O_NONBLOCK))
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }
  package var lines: [String] { text.split(separator: "\n").map(String.init) }

  /// Forgets what was gathered.
  package func clear() { bytes = [] }

  /// Reads once, if there is something before the time is up.
  package func read(waiting milliseconds: Int32) {
    guard !hasEnded else { return }
    var request = pollfd(fd: handle.number, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, milliseconds) == 1 else { return }
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = Foundation.read(handle.number, &buffer, buffer.count)
    if count > 0 {
      bytes += buffer[..<count]
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      hasEnded = true  // EIO: the end of a terminal
    }
  }

  /// Reads until the condition holds.
  package func wait(
    for what: String, within limit: Duration = .patience, _ condition: (Collector) -> Bool
  ) throws {
    let deadline = ContinuousClock.now + limit
    while !condition(self) {
      guard ContinuousClock.now < deadline, !hasEnded else {
        throw TestFailure("\(hasEnded ? "ended without" : "not within \(limit)"): \(what): \(text)")
      }
      read(waiting: 20)
    }
  }

  /// Reads to the end.
  package func waitForEnd(within limit: Duration = .patience) throws {
    try wait(for: "the end", within: limit) { $0.hasEnded }
  }
}
