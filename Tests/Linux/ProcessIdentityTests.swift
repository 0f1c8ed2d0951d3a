// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

import struct SystemPackage.Errno

@testable import Linux

@Suite struct ProcessIdentityTests {
  @Test func startTimeIsFoundBehindAnyName() {
    // proc(5): the name may hold spaces and parentheses; the start time is field 22.
    let rest = (3...52).map(String.init).joined(separator: " ")
    for name in ["sh", "a b", "x) R 1 2", ")(", "\u{600}", "\r\n\u{200d}"] {
      #expect(ProcessIdentity.startTime("77 (\(name)) \(rest)\n") == 22)
    }
    #expect(ProcessIdentity.startTime("77 (sh) R 1 2") == nil)
    #expect(ProcessIdentity.startTime("") == nil)
  }

  @Test func textIsReadBack() throws {
    let mine = try #require(ProcessIdentity(runningAs: CurrentProcess.id))
    #expect(ProcessIdentity(mine.text) == mine)
    #expect(mine.pid == CurrentProcess.id)
  }

  /// Whatever stands in the file, `delete` must not take it for a process to be ended.
  @Test(arguments: [
    "", "1 5 boot", "0 5 boot", "-1 5 boot", "7 5", "7 -5 boot", "7 5 boot more", "x",
  ])
  func brokenTextIsNobody(_ text: String) {
    #expect(ProcessIdentity(text) == nil)
  }

  @Test func aLaterProcessOfTheSamePidIsAnother() throws {
    let mine = try #require(ProcessIdentity(runningAs: CurrentProcess.id))
    let earlier = try #require(ProcessIdentity("\(mine.pid) \(mine.start - 1) \(mine.boot)"))
    let otherBoot = try #require(ProcessIdentity("\(mine.pid) \(mine.start) another"))
    for stranger in [earlier, otherBoot] {
      #expect(throws: (any Error).self) { try { _ = try stranger.open() }() }
    }
  }

  /// What serves as a pidfd where there are none: the folder in /proc. The kernel's own calls for pidfds
  /// take some of it, and refuse some, as old ones do.
  @Test func aFolderInProcMeansAProcess() throws {
    let command = Command(path: "/bin/sleep", arguments: ["sleep", "100"], environment: [])
    let child = try command.spawn(descriptors: [], openFiles: .current)
    let folder = Descriptor(owning: open("/proc/\(child.pid)", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    func tells(_ words: String, isOurs: Bool, hasExited: Bool, within time: Int32 = 0) {
      let (ours, exited) = (folder.isOurChild, folder.waitForProcess(milliseconds: time))
      #expect(ours == isOurs && exited == hasExited, "\(words)")
    }
    tells("it runs", isOurs: true, hasExited: false)
    try folder.signalProcess(0)
    try folder.signalProcess(SIGKILL)
    tells("not reaped", isOurs: true, hasExited: true, within: 10_000)
    #expect(waitpid(child.pid, nil, 0) == child.pid)
    tells("reaped", isOurs: false, hasExited: true)
    let mine = Descriptor(owning: open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    let isChild = mine.isOurChild
    #expect(!isChild)
    #expect(throws: Errno.noSuchProcess) { try folder.signalProcess(0) }
  }
}
