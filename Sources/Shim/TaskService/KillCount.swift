// SPDX-License-Identifier: Apache-2.0

/// From a control group's count of processes that were killed for want of memory: has it grown?
///
/// systemd removes a scope when its last process has ended, perhaps before we have looked, and the
/// count goes with it: what is open then reads ENODEV. But the kernel counts a kill in all groups above
/// too (`memory.events` of version 2), before it sends SIGKILL. So when the group is gone, one of its
/// processes may have been killed, and the count of the nearest group above that is still there has grown
/// since we last looked, then it was for want of memory. (crun's containers are in a group below their
/// scope, and both go.) It could be a neighbour's kill that was counted there: only if ours came near
/// its limit, or somebody else has killed it, meanwhile, and systemd was faster than we were.
struct KillCount: Equatable {
  /// Why we look.
  enum Occasion {
    /// Nothing has happened: from here on we count.
    case none
    /// The group's events of memory have changed: the kernel tells so at once, but then nothing for 10 ms.
    case change
    /// A process has ended, not killed: perhaps a shell whose child was.
    case end
    /// A process has ended by SIGKILL, or as if by it.
    case kill
  }

  /// Counts, where they could be read.
  struct Look: Equatable {
    var group: UInt64?
    /// Of the groups above, the nearest first.
    var above: [UInt64?] = []
  }

  /// Nil before the first look: a group may be older than its container.
  private var group: UInt64?
  private var above: [UInt64?] = []
  /// The next process that ends as killed has been told of already. Neighbours may be killed meanwhile.
  private var isTold = false
  /// The events have changed since the last kill: one may be among them that we did not get to see.
  private var hasChanged = false

  mutating func hasGrown(_ look: Look, _ occasion: Occasion) -> Bool {
    if occasion == .change { hasChanged = true }
    let isNew =
      look.group.map { isMore($0, look.above) } ?? isMoreAbove(look.above, occasion)
    if isNew {
      isTold = true
      hasChanged = false
    }
    if occasion == .kill { isTold = false }
    return isNew
  }

  private mutating func isMore(_ now: UInt64, _ above: [UInt64?]) -> Bool {
    let before = group ?? now
    group = max(before, now)
    self.above = above
    return now > before
  }

  /// Of a group that is gone.
  private mutating func isMoreAbove(_ now: [UInt64?], _ occasion: Occasion) -> Bool {
    guard occasion == .kill || hasChanged, !isTold, above.count == now.count,
      let nearest = now.firstIndex(where: { $0 != nil }),
      let before = above[nearest], let after = now[nearest], after > before
    else { return false }
    above = now
    return true
  }
}
