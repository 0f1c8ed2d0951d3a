// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// Two connected sockets: ours, which does not block, and a child's, which does.
package struct SocketPair: ~Copyable {
  private var ours: Descriptor?
  private var child: Descriptor?

  package init() throws(Errno) {
    var one: Int32 = -1
    var other: Int32 = -1
    try check(unsafe clinux_socket_pair(&one, &other))
    ours = Descriptor(owning: one)
    child = Descriptor(owning: other)
    try ours?.setNonblocking()
  }

  package mutating func takeOurs() -> Descriptor { ours.take().owned() }
  package mutating func takeChilds() -> Descriptor { child.take().owned() }
}
