// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Linux

/// Which processes of a control group are a container's: others may have come to share the group.
struct GroupMembership {
  let initPID: Int32
  /// Init's, if it is the container's own: whoever is in it has come with init or by an exec. 0 for none.
  let mountNamespace: UInt64
  /// When init was seen dead (`BootClock`): a later process may be in a later namespace of the same number.
  let lastSeen: UInt64
  /// The group was made by this Create, and no other container of this shim is in it: then all that descends
  /// from the shim is the container's.
  let isNew: Bool
  let shim: Int32

  /// What /proc tells of a process.
  struct Facts {
    let parent: Int32
    let start: UInt64
    let mountNamespace: UInt64

    init(parent: Int32, start: UInt64, mountNamespace: UInt64) {
      self.parent = parent
      self.start = start
      self.mountNamespace = mountNamespace
    }

    init?(_ pid: Int32) {
      guard let stat = ProcFile.read("\(pid)/stat"), let parent = ProcessTree.parent(in: stat),
        let start: UInt64 = ProcessIdentity.startTime(stat)
      else { return nil }
      self.init(
        parent: parent, start: start, mountNamespace: ProcFile.namespace("mnt", of: pid) ?? 0)
    }
  }

  /// By its ancestors up to the shim, or itself.
  ///
  /// - Returns: nil for a process that is gone.
  func owns(_ pid: Int32, facts: (Int32) -> Facts? = { Facts($0) }) -> Bool? {
    var next = pid
    for _ in 0..<1000 {
      if next == initPID { return true }
      if next == shim { return isNew }
      guard let found = facts(next) else { return next == pid ? nil : false }
      if mountNamespace != 0, found.mountNamespace == mountNamespace, found.start <= lastSeen {
        return true
      }
      if found.parent <= 1 { return false }
      next = found.parent
    }
    return false
  }

  /// Sends a signal to its own; SIGKILL again and again, to those that are born meanwhile.
  ///
  /// - Parameter members: of the group, now.
  /// - Returns: how many there were.
  @discardableResult
  func signal(_ signal: Int32, to members: () -> [Int32]) -> Int {
    var seen: [Int32] = []
    while case let new = members().filter({ !seen.contains($0) && owns($0) == true }), !new.isEmpty
    {
      seen += new
      for pid in new {
        // Whoever has its pid by now is no such process.
        guard let pidfd = try? Descriptor.process(pid), members().contains(pid), owns(pid) == true
        else { continue }
        try? pidfd.signalProcess(signal)
      }
      if signal != SIGKILL { break }
    }
    return seen.count
  }
}
