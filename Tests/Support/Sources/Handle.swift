// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Linux

/// An open descriptor, closed with its owner.
package final class Handle {
  package let number: Int32

  package init(_ number: Int32, _ what: @autoclosure () -> String) throws {
    guard number >= 0 else { throw TestFailure("\(what()): \(String(cString: strerror(errno)))") }
    self.number = number
  }

  deinit { close(number) }

  package static func open(_ path: String, _ flags: Int32) throws -> Handle {
    try Handle(Foundation.open(path, flags | O_CLOEXEC), "open \(path)")
  }

  /// - Returns: reading end, writing end.
  static func pipe() throws -> (Handle, Handle) {
    var pipe = try Linux.Pipe()
    let read = pipe.takeReadEnd()
    let write = pipe.takeWriteEnd()
    return (try Handle(copying: read.number), try Handle(copying: write.number))
  }

  private convenience init(copying number: Int32) throws {
    try self.init(fcntl(number, F_DUPFD_CLOEXEC, 3), "F_DUPFD_CLOEXEC")
  }

  /// What lies in a pipe.
  package var readableBytes: Int {
    var count: Int32 = 0
    return ioctl(number, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  /// Writes all or throws; for small amounts.
  package func write(_ bytes: [UInt8]) throws {
    guard Foundation.write(number, bytes, bytes.count) == bytes.count else {
      throw TestFailure("write: \(String(cString: strerror(errno)))")
    }
  }
}
