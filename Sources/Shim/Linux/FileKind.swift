// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// What lies at a path.
package enum FileKind: Equatable, Sendable {
  case fifo, regular, other

  /// Links are followed; nothing is opened.
  package static func of(_ path: String) throws(Errno) -> FileKind {
    var status = stat()
    try valueOrErrno { unsafe stat(path, &status) }
    return switch status.st_mode & S_IFMT {
    case S_IFIFO: .fifo
    case S_IFREG: .regular
    default: .other
    }
  }
}
