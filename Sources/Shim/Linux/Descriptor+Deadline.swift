// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package import struct SystemPackage.Errno

extension Descriptor {
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
      let piece = try unsafe [UInt8](unsafeUninitializedCapacity: 16 * 1024) {
        buffer, count throws(Errno) in
        count = try unsafe read(into: buffer)
      }
      if piece.isEmpty { return all }
      all += piece
      if all.count > limit { throw .fileTooLarge }
    }
  }
}
