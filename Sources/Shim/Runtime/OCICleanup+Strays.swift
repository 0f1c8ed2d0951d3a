// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// The shim was killed while the runtime made the container, and the runtime with it: its stages work on
/// until they miss it, in a bundle that containerd is about to remove (see `OCIProgram.endStrays`).
extension OCICleanup {
  /// They miss the runtime within this time, if we cannot end them.
  private static let patience = Duration.seconds(1)

  /// Ends all in the group that this Create has made, unless somebody else has come to use it.
  mutating func endStrays(_ record: CreateRecord) {
    let end = MonotonicClock.now + Self.patience
    // Again: the children of those that have ended.
    for _ in 0..<10 {
      let members = record.members
      let strays = members.filter { record.isStray($0, among: members) == true }
      let isShared = members.contains { record.isStray($0, among: members) == false }
      if strays.isEmpty && !isShared { return }
      for pid in strays {
        // Who has its pid by now is no such process of the group.
        guard let pidfd = try? Descriptor.process(pid), case let members = record.members,
          members.contains(pid), record.isStray(pid, among: members) == true
        else { continue }
        if !isShared { try? pidfd.signalProcess(SIGKILL) }
        let left = max(.zero, end - MonotonicClock.now) / .milliseconds(1)
        pidfd.waitForProcess(milliseconds: isShared ? Int32(left) : Self.limit)
      }
      if isShared { break }
    }
    let left = record.members
    if left.isEmpty { return }
    notes.append(
      "processes \(left) in the control group \(record.newGroups[0]) are not known to be this container's"
    )
  }

  /// See `OCIContainer.remove`: if the runtime's `delete` would end others in the group: ends what is known to be its, and removes its state.
  ///
  /// - Returns: whether it has, and the runtime is not to be asked.
  mutating func endsAlone(_ id: String, _ states: String, _ record: CreateRecord?) throws(Errno)
    -> Bool
  {
    let own = try? bundle.ownNamespaces()
    guard OCIProgram.deleteEndsAll(runtime, ownPIDs: own?.pids == true), let record else {
      return false
    }
    let initPID = InitRecord.livingPID(in: bundle) ?? 0
    let mounts = own?.mounts == true ? ProcFile.namespace("mnt", of: initPID) ?? 0 : 0
    let membership = GroupMembership(
      initPID: initPID,
      mountNamespace: mounts == ProcFile.namespace("mnt", of: CurrentProcess.id) ? 0 : mounts,
      lastSeen: .max, isNew: false, shim: 0)
    let group = ControlGroup(of: initPID)
    let members = { group?.members ?? record.members }
    let all = members()
    let others = all.filter {
      membership.owns($0) == false
        && (record.newGroups.isEmpty || record.isStray($0, among: all) == false)
    }
    if others.isEmpty { return false }
    membership.signal(SIGKILL, to: members)
    try Directory(path: states).removeFolder(id)
    notes.append("spared in the control group, for they are not known to be its: \(others)")
    return true
  }
}
