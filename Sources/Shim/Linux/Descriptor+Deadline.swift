// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

extension Descriptor {
  /// Writes everything, however long that takes (blocks, for commands), even if the descriptor does not
  /// block.
  package func writeAll(_ bytes: ArraySlice<UInt8>) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      do throws(Errno) {
        let count = try unsafe rest.withUnsafeBufferPointer { buffer throws(Errno) in
          try unsafe write(buffer)
        }
        rest = rest.dropFirst(count)
      } catch .wouldBlock {
        var query = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        try valueOrErrno { unsafe poll(&query, 1, -1) }
      }
    }
  }

  /// Everything up to the end of a stream, which has to come in time (blocks, for commands).
  ///
  /// - Throws: `ETIMEDOUT`; `EFBIG` past the limit (bytes).
  package func readAll(limit: Int, within time: Duration) throws(Errno) -> [UInt8] {
    let deadline = MonotonicClock.now + time
    var all: [UInt8] = []
    while true {
      let left = (deadline - MonotonicClock.now) / .milliseconds(1)
      var query = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      guard left > 0, try valueOrErrno({ unsafe poll(&query, 1, Int32(left)) }) > 0
      else { throw .timedOut }
      let piece = try readPiece()
      if piece.isEmpty { return all }
      all += piece
      if all.count > limit { throw .fileTooLarge }
    }
  }
}
