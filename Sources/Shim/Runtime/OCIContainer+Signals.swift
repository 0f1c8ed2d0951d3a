// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// Signals to all of a container's processes: to them alone, for others may use its control group, by its
/// `cgroupsPath` or because somebody has put them there. containerd's own shims and runc hit them too.
extension OCIContainer {
  func signalAll(_ signal: Int32, execs: [RuntimeProcess]) throws(RuntimeError) -> Members {
    let membership = membership
    var members = sort(membership)
    if signal == SIGKILL, let group, members.others.isEmpty, members.own.count > 1 {
      // Else they might be born faster than we can look. Who is born just now is found by the next look.
      if group.killAll() { return note(members) }
      group.freeze()
      members = sort(membership)
    }
    defer { if signal == SIGKILL { thaw(isPaused: false, members) } }
    for pid in members.own { try self.signal(signal, pid, membership) }
    // Those that have left the group.
    for process in [initProcess].compactMap(\.self) + execs
    where process.isAlive && !members.own.contains(process.pid) {
      ProcessTree.signalDescendants(of: process.pid, signal)
      do throws(RuntimeError) {
        try process.kill(signal: signal)
        members.own.append(process.pid)
      } catch {
        if error != .processFinished { throw error }
      }
    }
    return signal == SIGKILL ? note(members) : members
  }

  /// A process that dies is in no group any more, though it still holds files and mounts.
  private func note(_ members: Members) -> Members {
    guard sharesPIDs else { return members }
    for pid in members.own { dying[Int(pid)] = GroupMembership.Facts(pid)?.start }
    for (pid, start) in dying where !Self.isDying(Int32(pid), since: start) { dying[pid] = nil }
    var members = members
    members.own += dying.keys.map { Int32($0) }.filter { !members.own.contains($0) }
    return members
  }

  /// A zombie is dead, but one of ours is there until we have looked.
  private static func isDying(_ pid: Int32, since start: UInt64) -> Bool {
    guard let stat = ProcFile.read("\(pid)/stat"), ProcessIdentity.startTime(stat) == start else {
      return false
    }
    return !ProcessTree.isZombie(in: stat) || ProcessTree.parent(in: stat) == CurrentProcess.id
  }

  private func sort(_ membership: GroupMembership) -> Members {
    var members = Members()
    for pid in group?.members ?? possibleMembers {
      switch membership.owns(pid) {
      case true?: members.own.append(pid)
      case false?: members.others.append(pid)
      case nil: break
      }
    }
    return members
  }

  private func signal(
    _ signal: Int32, _ pid: Int32, _ membership: GroupMembership
  ) throws(RuntimeError) {
    do throws(Errno) {
      let pidfd = try Descriptor.process(pid)
      // Whoever has its pid by now is no such process.
      guard group?.contains(pid) ?? true, membership.owns(pid) == true else { return }
      try pidfd.signalProcess(signal)
    } catch .noSuchProcess {
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Without its group, which systemd removes, the runtime is asked: somebody else may have deleted it.
  func lookWhetherItIsThere(completion: @escaping (RuntimeError?) -> Void) {
    guard let group else { return completion(.processFinished) }
    if group.exists { return completion(nil) }
    program.run("state", ["state", id], completion: completion)
  }

  func thaw(isPaused: Bool) {
    guard let group else { return }
    if group.isFrozenAbove {
      program.warn("a control group above is frozen: what is killed ends when that is thawed", id)
    }
    if group.holdsFrozen { thaw(isPaused: isPaused, sort(membership)) }
  }

  private func thaw(isPaused: Bool, _ members: Members) {
    guard let group, group.holdsFrozen else { return }
    guard isPaused || members.others.isEmpty else {
      return program.warn("its control group is frozen, and others use it: it stays so", id)
    }
    group.thaw()
  }

  var isFrozen: Bool? { group?.isFrozen }

  /// When it is not known where the group is, or there is none.
  private var possibleMembers: [Int32] {
    guard let record, !record.newGroups.isEmpty else {
      return ProcessTree.descendants(of: CurrentProcess.id)
    }
    return record.members
  }

  /// Has the runtime delete it; not if it would end others in the group. Then only the state is removed.
  func remove(force: Bool, completion: @escaping (RuntimeError?) -> Void) {
    let askRuntime = { [program, id] in
      program.run("delete", ["delete"] + (force ? ["--force"] : []) + [id], completion: completion)
    }
    let endsAll = OCIProgram.deleteEndsAll(program.options.binaryName, ownPIDs: !sharesPIDs)
    guard endsAll, group?.pids.isEmpty != true || sharesPIDs else { return askRuntime() }
    let membership = membership
    let others = (group?.members ?? []).filter { membership.owns($0) == false }
    if others.isEmpty { return askRuntime() }
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
    let lives = initProcess?.isAlive == true
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

extension RuntimeProcess {
  /// Once it is reaped its pid may be a stranger's.
  fileprivate var isAlive: Bool { (try? kill(signal: 0)) != nil }
}
