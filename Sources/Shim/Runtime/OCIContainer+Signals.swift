// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

/// Signals to all of a container's processes: to them alone, for others may use its control group, by its
/// `cgroupsPath` or because somebody has put them there. containerd's own shims and runc hit them too.
extension OCIContainer {
  func killAll(signal: Int32, completion: @escaping (RuntimeError?) -> Void) {
    let membership = membership
    let members = group?.members ?? possibleMembers
    let others = members.filter { membership.owns($0) == false }
    // The whole group at once: what is born meanwhile does not escape. Of an empty one the runtime knows
    // the words. But not if init is in the machine's root group, where the runtime would look too.
    if others.isEmpty, group != nil || members.isEmpty {
      if signal == SIGKILL, group?.killAll() == true { return completion(nil) }
      return program.run("kill", ["kill", "--all", id, "\(signal)"], completion: completion)
    }
    let count = self.signal(signal, membership)
    if !others.isEmpty {
      program.warn("spared in its control group, for they are not known to be its: \(others)", id)
    }
    completion(count > 0 ? nil : .processFinished)
  }

  /// When it is not known where the group is, or there is none.
  private var possibleMembers: [Int32] {
    guard let record, !record.newGroups.isEmpty else {
      return ProcessTree.descendants(of: CurrentProcess.id)
    }
    return record.members
  }

  /// Again and again: for those that are born meanwhile.
  ///
  /// - Returns: how many were the container's.
  private func signal(_ signal: Int32, _ membership: GroupMembership) -> Int {
    var seen: [Int32] = []
    while true {
      let new = (group?.members ?? possibleMembers).filter {
        !seen.contains($0) && membership.owns($0) == true
      }
      if new.isEmpty { return seen.count }
      seen += new
      for pid in new {
        // Whoever has its pid by now is no such process.
        guard let pidfd = try? Descriptor.process(pid), group?.contains(pid) ?? true,
          membership.owns(pid) == true
        else { continue }
        try? pidfd.signalProcess(signal)
      }
      if signal != SIGKILL { return seen.count }
    }
  }

  private var membership: GroupMembership {
    let lives = (try? initProcess?.kill(signal: 0)) != nil
    if !lives, lastSeen == .max { lastSeen = BootClock.ticks }
    func membership(isNew: Bool) -> GroupMembership {
      GroupMembership(
        initPID: lives ? initProcess?.pid ?? 0 : 0, mountNamespace: mountNamespace,
        lastSeen: lastSeen, isNew: isNew, shim: CurrentProcess.id)
    }
    guard let group, let record, group.folders.allSatisfy(record.newGroups.contains) else {
      return membership(isNew: false)
    }
    let known = membership(isNew: false)
    let isShared = program.children.contains { group.contains($0) && known.owns($0) == false }
    return membership(isNew: !isShared)
  }
}
