// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import Linux

package import struct SystemPackage.Errno

/// The file in the bundle by which `delete` finds the init process after the shim has died.
package enum InitRecord {
  private static let name = "init.process"

  /// How a process was ended.
  package struct Ended: Equatable, Sendable {
    package let pid: Int32
    package let status: ExitStatus
  }

  static func write(_ pid: Int32, to bundle: Bundle) throws(Errno) {
    guard let identity = ProcessIdentity(runningAs: pid) else { throw .noSuchProcess }
    try bundle.write(name, identity.text)
  }

  package static func remove(from bundle: Bundle) throws(Errno) { try bundle.remove(name) }

  /// Ends the recorded process and all that descends from it, and waits until it is gone (blocks,
  /// for the `delete` command). Nil when there is nothing to end: no record, or the process is gone,
  /// whoever has its pid now.
  package static func end(in bundle: Bundle) -> Ended? {
    guard let text = try? bundle.read(name), let identity = ProcessIdentity(text),
      let pidfd = try? identity.open()
    else { return nil }
    ProcessTree.kill(identity.pid, root: pidfd)
    // containerd gives `delete` 5 s; a process in the kernel's hands may take longer to go.
    pidfd.waitForProcess(milliseconds: 3000)
    return Ended(pid: identity.pid, status: ExitStatus(code: 128 + UInt32(SIGKILL)))
  }
}
