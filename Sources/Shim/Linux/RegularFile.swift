// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A small file somewhere, named by a configuration.
package enum RegularFile {
  /// Its content. Links are followed; what is no regular file is never opened: a FIFO would hold us
  /// up, and a device may act on it.
  ///
  /// - Parameter onlyRoots: whether it must be root's, and nobody else may write to it.
  /// - Throws: `EINVAL` for another kind of file, `EFBIG` past the limit (bytes), `EPERM` for a file
  ///   that others own or may write to.
  package static func read(
    _ path: String, limit: Int, onlyRoots: Bool = false
  ) throws(Errno) -> [UInt8] {
    let place = Descriptor(owning: try check(unsafe clinux_open_place(path)))
    var status = stat()
    try valueOrErrno { unsafe fstat(place.number, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .invalidArgument }
    if onlyRoots && (status.st_uid != 0 || status.st_mode & (S_IWGRP | S_IWOTH) != 0) {
      throw .notPermitted
    }
    let file = Descriptor(
      owning: try valueOrErrno {
        unsafe open("/proc/self/fd/\(place.number)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      })
    return try file.readAll(limit: limit)
  }
}
