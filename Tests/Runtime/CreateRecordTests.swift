// SPDX-License-Identifier: Apache-2.0

import Linux
import Testing

@testable import Runtime

@Suite struct CreateRecordTests {
  private static let shim = ProcessIdentity("50 70 boot")

  private func record(parent: Int32 = 1) throws -> CreateRecord {
    CreateRecord(
      shim: try #require(Self.shim), began: 100, parent: parent, foundState: false,
      newGroups: ["/sys/fs/cgroup/pids/exam/c1", "/sys/fs/cgroup/cpu/exam/c 1"])
  }

  @Test func textIsReadBack() throws {
    let record = try record()
    #expect(CreateRecord(record.text) == record)
    let old = CreateRecord(
      shim: record.shim, began: 0, parent: 7, foundState: true, newGroups: [])
    #expect(CreateRecord(old.text) == old)
  }

  @Test(arguments: [
    "", "1 50 70 boot", "2 50 70 boot\n100 1 new", "1 50 boot\n100 1 new", "1 50 70 boot\n100 1",
    "1 50 70 boot\nx 1 new",
  ])
  func brokenTextIsNone(_ text: String) { #expect(CreateRecord(text) == nil) }

  /// What cannot be told may be another's.
  @Test func anUnknownWordOfTheStateIsOld() {
    #expect(CreateRecord("1 50 70 boot\n100 1 x")?.foundState == true)
  }

  /// Processes by pid: their parents and start times.
  private static let processes: [Int32: (parent: Int32, start: Int)] = [
    1: (0, 1), 300: (1, 150), 301: (300, 160), 302: (1, 99), 303: (400, 150), 400: (1, 90),
    304: (302, 150), 305: (0, 150), 306: (900, 150), 307: (501, 150), 501: (1, 101),
    308: (400, 100), 310: (311, 150), 311: (310, 150),
  ]

  private static func stat(_ pid: Int32) -> String? {
    processes[pid].map { process in
      "\(pid) (a) b) S \(process.parent) "
        + (5...21).map(String.init).joined(separator: " ") + " \(process.start) 0"
    }
  }

  @Test(
    arguments: [
      (300, 1, true, "an orphan, born since"), (301, 1, true, "its child"),
      (302, 1, false, "an orphan that is older than the Create"),
      (303, 1, false, "a child of somebody who lives elsewhere"),
      (304, 1, false, "a child of an older member"),
      (305, 1, false, "one from outside of this machine"),
      (306, 1, false, "one whose parent goes just now"),
      (307, 501, false, "an orphan that was adopted by a later process of the pid"),
      (308, 400, true, "an orphan that the shim's own parent has adopted"),
      (300, 400, false, "an orphan of another parent"), (310, 1, false, "a ring"),
      (999, 1, nil, "one that is gone"),
    ] as [(Int32, Int32, Bool?, String)])
  func strays(pid: Int32, parent: Int32, isStray: Bool?, whose: String) throws {
    let members: [Int32] = [300, 301, 302, 303, 304, 305, 306, 307, 308, 310, 311, 999]
    #expect(
      try record(parent: parent).isStray(pid, among: members, stat: Self.stat) == isStray,
      "\(whose)")
  }

  @Test func aGroupThatWasThereIsNoneOfOurs() throws {
    let shim = try #require(Self.shim)
    #expect(CreateRecord(shim, groups: ["/no/such", "/proc/self"]).newGroups == [])
    #expect(CreateRecord(shim, groups: ["/no/such"]).newGroups == ["/no/such"])
  }
}
