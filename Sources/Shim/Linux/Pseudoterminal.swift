// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// Our end of a terminal, the master: what is written to it is typed, what is read was printed.
package struct Pseudoterminal: ~Copyable {
  private let master: Descriptor

  package init(_ master: consuming Descriptor) throws(Errno) {
    self.master = master
    try self.master.setNonblocking()
  }

  /// The only descriptor of it.
  package consuming func takeMaster() -> Descriptor { master }
}

extension Descriptor {
  /// Of a terminal's master. The process group in the foreground gets SIGWINCH if that changes anything.
  package func resizeTerminal(columns: UInt16, rows: UInt16) throws(Errno) {
    try check(clinux_set_window(number, columns, rows))
  }
}

/// A new terminal: our end, and that of the process.
package struct TerminalPair: ~Copyable {
  private var ours: Descriptor?
  package let process: Descriptor

  package init() throws(Errno) {
    var master: Int32 = -1
    process = Descriptor(owning: try check(unsafe clinux_open_terminal(&master)))
    ours = Descriptor(owning: master)
  }

  package mutating func takeOurs() throws(Errno) -> Pseudoterminal {
    try Pseudoterminal(ours.take().owned())
  }
}

/// A socket in a directory, over which an OCI runtime hands us the master of a terminal it has made.
package final class ConsoleSocket {
  private let name: String
  private let directory: Directory
  private let listener: Descriptor

  /// Where the runtime, in our mount and pid namespaces, finds it. Short, however deep the directory
  /// lies: a socket's path has room for 106 bytes.
  package let path: String

  /// - Parameter path: of the directory.
  package init(in path: String, name: String) throws(Errno) {
    self.name = name
    directory = try Directory(path: path)
    self.path = "/proc/\(CurrentProcess.id)/fd/\(directory.number)/\(name)"
    try? directory.remove(name)
    listener = try UnixSocket.listen(path: self.path)
  }

  deinit { try? directory.remove(name) }

  /// What the runtime has sent; never waits.
  ///
  /// - Throws: `EAGAIN` when it has sent nothing.
  package func receive() throws(Errno) -> Pseudoterminal {
    let connection = try UnixSocket.accept(listener)
    return try Pseudoterminal(
      Descriptor(owning: try check(clinux_receive_descriptor(connection.number))))
  }
}
