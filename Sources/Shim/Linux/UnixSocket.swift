// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// Stream sockets at a path, all non-blocking.
package enum UnixSocket {
  /// A listening socket of mode 0600.
  ///
  /// - Parameter backlog: how many may connect before they are accepted. One more who does not wait, as
  ///   no client in Go does, gets EAGAIN and gives up; so as many as the kernel allows
  ///   (`net.core.somaxconn`, listen(2)).
  /// - Throws: `EADDRINUSE`; `ENAMETOOLONG` over 106 bytes.
  package static func listen(path: String, backlog: Int32 = .max) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(unsafe clinux_listen(path, backlog)))
  }

  /// - Throws: `ECONNREFUSED` when nobody listens; `EAGAIN` when the listener lives but is busy.
  package static func connect(path: String) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(unsafe clinux_connect(path)))
  }

  /// - Throws: `EAGAIN` when nobody waits; `EMFILE` and `ENFILE` when descriptors ran out.
  package static func accept(_ listener: borrowing Descriptor) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(clinux_accept(listener.number)))
  }

  /// The path that a socket is bound to.
  package static func path(of socket: borrowing Descriptor) throws(Errno) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    try check(unsafe clinux_socket_path(socket.number, &buffer, buffer.count))
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Who has the name that a socket was bound to.
  package enum Name { case ours, nobody, others }

  /// - Returns: nil when that cannot be told: without CAP_NET_ADMIN, or before Linux 4.12.
  package static func name(_ path: String, of socket: borrowing Descriptor) -> Name? {
    var its = stat()
    guard unsafe lstat(path, &its) == 0 else { return errno == ENOENT ? .nobody : nil }
    var ours = stat()
    // The socket itself holds the file: no other one has its number, even if it has no name any more.
    guard let file = try? Descriptor(owning: check(clinux_open_socket_file(socket.number))),
      unsafe fstat(file.number, &ours) == 0
    else { return nil }
    return ours.st_dev == its.st_dev && ours.st_ino == its.st_ino ? .ours : .others
  }

  /// Removes the name of a listening socket, if that is still its own: a dead one's is left for `delete` and
  /// `start` when it cannot be told.
  package static func remove(_ path: String, of socket: borrowing Descriptor) {
    if name(path, of: socket) == .ours { _ = unsafe unlink(path) }
  }

  /// Removes a socket's name; nothing else.
  ///
  /// - Throws: `ENOENT`; `ENOTSOCK` when something else has the name.
  package static func remove(_ path: String) throws(Errno) {
    var status = stat()
    try valueOrErrno { unsafe lstat(path, &status) }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notSocket }
    try valueOrErrno { unsafe unlink(path) }
  }

  /// Whether the process at the other end runs as our user and group.
  package static func isPeerOurself(_ socket: borrowing Descriptor) -> Bool {
    var peer = clinux_peer()
    guard unsafe clinux_peer(socket.number, &peer) == 0 else { return false }
    return peer.uid == CurrentProcess.user && peer.gid == CurrentProcess.group
  }
}
