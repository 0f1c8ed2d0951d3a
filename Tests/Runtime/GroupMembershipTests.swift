// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

@Suite struct GroupMembershipTests {
  /// 100 is the shim, 200 init, 201 its child; 210 an exec; 220 what an exec has left, 221 the same in a
  /// mount namespace of its own; 300 another container's init, 301 its child.
  private static let facts: [Int32: GroupMembership.Facts] = [
    100: .init(parent: 1, start: 10, mountNamespace: 1),
    200: .init(parent: 100, start: 20, mountNamespace: 7),
    201: .init(parent: 200, start: 30, mountNamespace: 9),
    210: .init(parent: 100, start: 30, mountNamespace: 7),
    211: .init(parent: 210, start: 90, mountNamespace: 9),
    220: .init(parent: 5, start: 30, mountNamespace: 7),
    5: .init(parent: 1, start: 1, mountNamespace: 1),
    221: .init(parent: 100, start: 30, mountNamespace: 9),
    300: .init(parent: 100, start: 40, mountNamespace: 8),
    301: .init(parent: 300, start: 41, mountNamespace: 8),
    400: .init(parent: 5, start: 95, mountNamespace: 7),
  ]

  private func owned(
    initPID: Int32 = 200, mounts: UInt64 = 7, lastSeen: UInt64 = .max, isNew: Bool = false
  ) -> [Int32] {
    let membership = GroupMembership(
      initPID: initPID, mountNamespace: mounts, lastSeen: lastSeen, isNew: isNew, shim: 100)
    return Self.facts.keys.sorted().filter {
      $0 >= 200 && membership.owns($0, facts: { Self.facts[$0] }) == true
    }
  }

  @Test func byAncestorsAndByTheMountNamespace() {
    #expect(owned() == [200, 201, 210, 211, 220, 400])
    #expect(owned(mounts: 0) == [200, 201])
    // In a group of our own all that descends from the shim.
    #expect(owned(isNew: true) == [200, 201, 210, 211, 220, 221, 300, 301, 400])
  }

  /// Init has ended: its pid is anybody's, and soon the number of its namespace.
  @Test func afterInit() {
    #expect(owned(initPID: 0, lastSeen: 50) == [200, 201, 210, 211, 220])
    #expect(owned(initPID: 0, mounts: 0, lastSeen: 50) == [])
  }

  @Test func whoIsGoneIsNobodys() {
    let membership = GroupMembership(
      initPID: 200, mountNamespace: 7, lastSeen: .max, isNew: true, shim: 100)
    #expect(membership.owns(999, facts: { Self.facts[$0] }) == nil)
  }
}
