// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// What a runtime leaves that is killed while it makes a container: processes that have become our
/// children, of whom nobody has told us. They work on until they miss the runtime: runc's make mount
/// points, in the bare folder when the rootfs is unmounted beneath them, and containerd cannot remove
/// the bundle then.
extension OCIProgram {
  /// One that is stuck in the kernel holds up nobody for longer.
  private static let strayLimit = Duration.seconds(2)

  /// Right before the runtime makes the container. Should the file not be written, `delete` knows less and
  /// leaves more alone.
  func record(_ id: String, _ shim: ProcessIdentity?) -> CreateRecord? {
    guard let shim else { return nil }
    let path = try? bundle.groupPath()
    let name = path.map { GroupName(path: $0, id: id, usesSystemd: options.systemdCgroup) }
    let record = CreateRecord(
      shim, foundState: ProcFile.exists(at: "\(root)/\(id)"),
      groups: name.map { CgroupHierarchies.mounted.places(of: $0) } ?? [])
    try? record.write(to: bundle)
    return record
  }

  /// Ends what a runtime has left that was killed at its work, and removes what it has written.
  func undo(_ id: String, _ record: CreateRecord?, completion: @escaping () -> Void) {
    endStrays(record) { [self] in
      // There was one of the same name before: that is another's.
      if record?.foundState == true { return completion() }
      run("delete", ["delete", "--force", id]) { _ in completion() }
    }
  }

  /// Ends them all, and tells when they are gone. Only children of ours, in the group that this Create has
  /// made: what else comes to us may be just made for another container, or a process of one that shares
  /// the host's pids. Before they are in a group they wait for the runtime.
  private func endStrays(_ record: CreateRecord?, completion: @escaping () -> Void) {
    guard let record, !record.newGroups.isEmpty else { return completion() }
    var completion = Optional(completion)
    let timer = Timer(loop) { completion.take()?() }
    timer.schedule(after: Self.strayLimit)
    endStrays(of: record) {
      withExtendedLifetime(timer) { completion.take()?() }
    }
  }

  /// Again and again: the children of those that have ended are ours now.
  private func endStrays(of record: CreateRecord, completion: @escaping () -> Void) {
    let members = record.members
    // Another container of this shim has come to use the group, or may be about to: whose they are is not
    // known. They miss the runtime soon.
    if children.isExpecting || children.contains(where: members.contains) { return completion() }
    var left = 0
    for pid in ProcessTree.children(of: CurrentProcess.id)
    where !children.isRegistered(pid) && members.contains(pid) {
      do throws(Errno) {
        // A child that nobody has reaped: its pid is its own.
        let pidfd = try children.adopt(pid) { [self] _ in
          left -= 1
          if left == 0 { endStrays(of: record, completion: completion) }
        }
        left += 1
        try pidfd?.signalProcess(SIGKILL)
      } catch {
        continue  // no descriptor is to be had: it misses the runtime soon
      }
    }
    if left == 0 { completion() }
  }
}
