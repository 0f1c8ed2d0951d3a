// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

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
    let count = membership.signal(signal) { self.group?.members ?? self.possibleMembers }
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

  /// Has the runtime delete it. For a container without a pid namespace of its own runc ends all that is
  /// in the group: not if others are there. Then only the state is removed.
  func remove(force: Bool, completion: @escaping (RuntimeError?) -> Void) {
    let membership = membership
    let others = sharesPIDs ? (group?.members ?? []).filter { membership.owns($0) == false } : []
    if others.isEmpty {
      return program.run(
        "delete", ["delete"] + (force ? ["--force"] : []) + [id], completion: completion)
    }
    membership.signal(SIGKILL) { self.group?.members ?? [] }
    program.warn("spared in its control group, for they are not known to be its: \(others)", id)
    do throws(Errno) {
      try Directory(path: program.root).removeFolder(id)
      completion(nil)
    } catch {
      completion(.failed("\(program.root)/\(id): \(error)"))
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
