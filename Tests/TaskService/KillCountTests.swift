// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

/// Counts of a group and of the one above: when they tell of a kill.
@Suite struct KillCountTests {
  private var count = KillCount()

  private mutating func look(
    _ group: UInt64?, _ parent: UInt64?, _ occasion: KillCount.Occasion = .end
  ) -> Bool {
    look(group, above: [parent], occasion)
  }

  private mutating func look(
    _ group: UInt64?, above: [UInt64?], _ occasion: KillCount.Occasion
  ) -> Bool {
    count.hasGrown(KillCount.Look(group: group, above: above), occasion)
  }

  @Test mutating func ofAGroupThatIsThere() {
    #expect(!look(0, 5))
    #expect(!look(0, 6, .kill))  // a neighbour's
    #expect(look(1, 7))
    #expect(!look(1, 7, .kill))
    #expect(look(3, 9, .kill))
    #expect(!look(2, 9))
  }

  @Test mutating func ofAGroupThatIsGone() {
    #expect(!look(0, 5))
    #expect(!look(nil, 5, .kill))  // somebody else has killed it
    #expect(!look(nil, 6))  // it has ended otherwise
    #expect(look(nil, 6, .kill))
    #expect(!look(nil, 6, .kill))  // told already
  }

  /// A shell's child was killed, and the shell has ended otherwise.
  @Test mutating func ofAChildInAGroupThatIsGone() {
    #expect(!look(0, 5, .none))
    #expect(look(nil, 6, .change))  // which came before the shell's end
    #expect(!look(nil, 6, .end))
    count = KillCount()
    #expect(!look(0, 5, .none))
    #expect(!look(0, 5, .change))  // near its limit; of the kill the kernel would tell 10 ms later
    #expect(look(nil, 6, .end))
    #expect(!look(nil, 7, .change))
  }

  /// What was told is not told again by what has changed before.
  @Test mutating func toldOfAChild() {
    #expect(!look(0, 5, .none))
    #expect(look(1, 6, .end))
    #expect(!look(1, 6, .change))  // of the same kill
    #expect(!look(nil, 7, .end))  // a neighbour's
  }

  @Test mutating func ofAGroupThatIsOlder() {
    #expect(!look(4, 5, .kill))
    #expect(look(5, 6))
  }

  /// What was told of the group that was there is not told again.
  @Test mutating func toldBefore() {
    #expect(!look(0, 5))
    #expect(look(1, 6))
    #expect(!look(nil, 6, .kill))
  }

  /// Not either when a neighbour was killed in between; an exec's kill does not hide init's.
  @Test mutating func toldBeforeANeighbours() {
    #expect(!look(0, 5))
    #expect(look(1, 6))
    #expect(!look(nil, 7, .kill))
    count = KillCount()
    #expect(!look(0, 5))
    #expect(look(1, 6, .kill))
    #expect(look(nil, 7, .kill))
  }

  /// The nearest group that is still there counts.
  @Test mutating func ofGroupsThatAreGone() {
    #expect(!look(0, above: [0, 7, 9], .none))
    #expect(!look(nil, above: [nil, 7, 10], .kill))
    #expect(look(nil, above: [nil, 8, 10], .kill))
    count = KillCount()
    #expect(!look(0, above: [0, 7], .none))
    #expect(look(nil, above: [1, 7], .kill))
  }

  @Test mutating func withoutAParentsCount() {
    #expect(!look(nil, nil, .kill))
    #expect(!look(0, nil))
    #expect(!look(nil, nil, .kill))
    #expect(!look(nil, 7, .kill))
  }
}
