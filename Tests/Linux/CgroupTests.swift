// SPDX-License-Identifier: Apache-2.0

import Testing

import struct SystemPackage.Errno

@testable import Linux

@Suite struct CgroupTests {
  @Test func hierarchiesOfEachMode() {
    let hybrid = """
      cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
      cgroup /elsewhere cgroup rw,cpu 0 0
      """
    #expect(Cgroup.hierarchies(in: hybrid) == ["/sys/fs/cgroup/pids"])
    #expect(Cgroup.hierarchies(in: "x /sys/fs/cgroup cgroup2 rw 0 0\n") == ["/sys/fs/cgroup"])
    #expect(Cgroup.hierarchies(in: "broken\n") == [])
  }

  @Test func refusals() {
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try Cgroup.add(CurrentProcess.id, to: "/no-such-cgroup")
    }
    #expect(throws: Errno.invalidArgument) { try Cgroup.add(CurrentProcess.id, to: "a/../b") }
  }
}
