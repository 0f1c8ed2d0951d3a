// SPDX-License-Identifier: Apache-2.0

/// From a control group's count of processes that were killed for want of memory: has it grown?
///
/// systemd removes a scope when its last process has ended, perhaps before we have looked, and the
/// count goes with it: what is open then reads ENODEV. But the kernel counts a kill in all groups above
/// too (`memory.events` of version 2), before it sends SIGKILL. So when the group is gone, its last
/// process was killed, and the count of the group above has grown since we last looked, then it was
/// for want of memory. It could be a neighbour's kill that was counted there: only if somebody else
/// has killed ours meanwhile without us, and systemd was faster than we were.
struct KillCount: Equatable {
  /// Counts, where they could be read.
  struct Look: Equatable {
    var group: UInt64?
    var parent: UInt64?
  }

  /// Nil before the first look: a group may be older than its container.
  private var group: UInt64?
  private var parent: UInt64?
  /// The next process that ends as killed has been told of already. Neighbours may be killed meanwhile.
  private var isTold = false

  /// - Parameter wasKilled: a process has ended by SIGKILL, or as if by it.
  mutating func hasGrown(_ look: Look, wasKilled: Bool) -> Bool {
    defer { if wasKilled { isTold = false } }
    if let now = look.group {
      let before = group ?? now
      group = max(before, now)
      parent = look.parent
      if now > before { isTold = true }
      return now > before
    }
    guard wasKilled, !isTold, let before = parent, let now = look.parent, now > before else {
      return false
    }
    parent = now
    return true
  }
}
