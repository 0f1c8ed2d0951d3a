// SPDX-License-Identifier: Apache-2.0

/// From a control group's count of processes that were killed for want of memory: has it grown?
///
/// systemd removes a scope when its last process has ended, perhaps before we have looked, and the
/// count goes with it: what is open then reads ENODEV. But the kernel counts a kill in all groups above
/// too (`memory.events` of version 2), before it sends SIGKILL. So when the group is gone, its last
/// process was killed, and the count of the nearest group above that is still there has grown since we
/// last looked, then it was for want of memory. (crun's containers are in a group below their scope, and
/// both go.) It could be a neighbour's kill that was counted there: only if somebody else
/// has killed ours meanwhile without us, and systemd was faster than we were.
struct KillCount: Equatable {
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

  /// - Parameter wasKilled: a process has ended by SIGKILL, or as if by it.
  mutating func hasGrown(_ look: Look, wasKilled: Bool) -> Bool {
    defer { if wasKilled { isTold = false } }
    if let now = look.group {
      let before = group ?? now
      group = max(before, now)
      above = look.above
      if now > before { isTold = true }
      return now > before
    }
    guard wasKilled, !isTold, above.count == look.above.count,
      let nearest = look.above.firstIndex(where: { $0 != nil }),
      let before = above[nearest], let now = look.above[nearest], now > before
    else { return false }
    above = look.above
    return true
  }
}
