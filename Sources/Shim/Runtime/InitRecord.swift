// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import Linux

package import struct SystemPackage.Errno

/// The file in the bundle by which `delete` finds the init process after the shim has died: `1` and the
/// text of a ProcessIdentity. The 1 is the format's version. After an upgrade the new program's
/// `delete` reads what the old one's daemon wrote, and after a downgrade the other way round.
package enum InitRecord {
  private static let name = "init.process"
  private static let version = "1"

  /// How a process was ended.
  package struct Ended: Equatable, Sendable {
    package let pid: Int32
    package let status: ExitStatus
  }

  /// Whether the recorded process runs; nil without a record that can be read.
  package static func isRunning(in bundle: Bundle) -> Bool? {
    guard let identity = try? identity(in: bundle) else { return nil }
    return (try? identity.open()) != nil
  }

  /// The recorded process, if it lives.
  static func livingPID(in bundle: Bundle) -> Int32? {
    guard let identity = try? identity(in: bundle), (try? identity.open()) != nil else {
      return nil
    }
    return identity.pid
  }

  static func write(_ pid: Int32, to bundle: Bundle) throws(Errno) {
    guard let identity = ProcessIdentity(runningAs: pid) else { throw .noSuchProcess }
    try bundle.write(name, "\(version) \(identity.text)")
  }

  /// A process was made, and not deleted.
  package static func exists(in bundle: Bundle) -> Bool { (try? bundle.read(name)) != nil }

  package static func remove(from bundle: Bundle) throws(Errno) { try bundle.remove(name) }

  /// Ends the recorded process and all that descends from it, and waits until it is gone (blocks,
  /// for the `delete` command). Nil when there is nothing to end: no record, or the process is gone,
  /// whoever has its pid now.
  ///
  /// - Throws: `unknownVersion`.
  package static func end(in bundle: Bundle) throws(BundleError) -> Ended? {
    guard let identity = try identity(in: bundle), let pidfd = try? identity.open() else {
      return nil
    }
    ProcessTree.kill(identity.pid, root: pidfd)
    // containerd gives `delete` 5 s in all; a process in the kernel's hands may take longer to go.
    pidfd.waitForProcess(milliseconds: 1000)
    return Ended(pid: identity.pid, status: ExitStatus(code: 128 + UInt32(SIGKILL)))
  }

  /// Kills the recorded process at once if its control group, or one below, is frozen, and thaws what is the
  /// container's own: the OCI runtime would wait for its end in vain.
  ///
  /// - Returns: false when it stays frozen, since others use the group.
  package static func killIfFrozen(in bundle: Bundle) -> Bool {
    guard let identity = try? identity(in: bundle), let pidfd = try? identity.open(),
      let group = ControlGroup(of: identity.pid), !group.holdsCaller, group.holdsFrozen
    else { return true }
    let mounts = ProcFile.namespace("mnt", of: identity.pid)
    let isOwn = mounts != ProcFile.namespace("mnt", of: CurrentProcess.id)
    let membership = GroupMembership(
      initPID: identity.pid, mountNamespace: isOwn ? mounts ?? 0 : 0, lastSeen: .max, isNew: false,
      shim: 0)
    try? pidfd.signalProcess(SIGKILL)
    guard group.members.allSatisfy({ membership.owns($0) != false }) else { return false }
    group.thaw()
    // The runtime waits for its end as well, in steps that take longer.
    pidfd.waitForProcess(milliseconds: 200)
    return true
  }

  private static func identity(in bundle: Bundle) throws(BundleError) -> ProcessIdentity? {
    guard let text = try? bundle.read(name) else { return nil }
    let words = text.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0] == version else {
      throw .unknownVersion(name, words.first.map(String.init) ?? "")
    }
    return ProcessIdentity(String(words[1]))
  }
}
