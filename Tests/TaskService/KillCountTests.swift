// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

/// Counts of a group and of the one above: when they tell of a kill.
@Suite struct KillCountTests {
  private var count = KillCount()

  private mutating func look(_ group: UInt64?, _ parent: UInt64?, wasKilled: Bool = false) -> Bool {
    look(group, above: [parent], wasKilled: wasKilled)
  }

  private mutating func look(_ group: UInt64?, above: [UInt64?], wasKilled: Bool) -> Bool {
    count.hasGrown(KillCount.Look(group: group, above: above), wasKilled: wasKilled)
  }

  @Test mutating func ofAGroupThatIsThere() {
    #expect(!look(0, 5))
    #expect(!look(0, 6, wasKilled: true))  // a neighbour's
    #expect(look(1, 7))
    #expect(!look(1, 7, wasKilled: true))
    #expect(look(3, 9, wasKilled: true))
    #expect(!look(2, 9))
  }

  @Test mutating func ofAGroupThatIsGone() {
    #expect(!look(0, 5))
    #expect(!look(nil, 5, wasKilled: true))  // somebody else has killed it
    #expect(!look(nil, 6))  // it has ended otherwise
    #expect(look(nil, 6, wasKilled: true))
    #expect(!look(nil, 6, wasKilled: true))  // told already
  }

  @Test mutating func ofAGroupThatIsOlder() {
    #expect(!look(4, 5, wasKilled: true))
    #expect(look(5, 6))
  }

  /// What was told of the group that was there is not told again.
  @Test mutating func toldBefore() {
    #expect(!look(0, 5))
    #expect(look(1, 6))
    #expect(!look(nil, 6, wasKilled: true))
  }

  /// Not either when a neighbour was killed in between; an exec's kill does not hide init's.
  @Test mutating func toldBeforeANeighbours() {
    #expect(!look(0, 5))
    #expect(look(1, 6))
    #expect(!look(nil, 7, wasKilled: true))
    count = KillCount()
    #expect(!look(0, 5))
    #expect(look(1, 6, wasKilled: true))
    #expect(look(nil, 7, wasKilled: true))
  }

  /// The nearest group that is still there counts.
  @Test mutating func ofGroupsThatAreGone() {
    #expect(!look(0, above: [0, 7, 9], wasKilled: false))
    #expect(!look(nil, above: [nil, 7, 10], wasKilled: true))
    #expect(look(nil, above: [nil, 8, 10], wasKilled: true))
    count = KillCount()
    #expect(!look(0, above: [0, 7], wasKilled: false))
    #expect(look(nil, above: [1, 7], wasKilled: true))
  }

  @Test mutating func withoutAParentsCount() {
    #expect(!look(nil, nil, wasKilled: true))
    #expect(!look(0, nil))
    #expect(!look(nil, nil, wasKilled: true))
    #expect(!look(nil, 7, wasKilled: true))
  }
}
