// SPDX-License-Identifier: Apache-2.0

import Testing

import struct SystemPackage.Errno

@testable import Linux

@Suite struct CgroupTests {
  private static let hybrid = CgroupHierarchies(
    """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
    35 31 0:32 /outer /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
    42 31 0:39 / /elsewhere rw - cgroup cgroup rw,pids
    broken
    """)
  private static let unified = CgroupHierarchies(
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n")

  @Test func hierarchiesOfEachMode() {
    #expect(!Self.hybrid.isUnified)
    #expect(
      Self.hybrid.all.map(\.mountPoint) == ["/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"])
    #expect(Self.unified.isUnified)
    #expect(Self.unified.all.map(\.mountPoint) == ["/sys/fs/cgroup"])
    #expect(CgroupHierarchies("broken\n - \n").all == [])
  }

  @Test func foldersOfVersion1() {
    let folders = ControlGroup(
      Self.hybrid,
      "4:memory:/outer/ns/a\n3:pids:/ns/a\n2:cpu,cpuacct:/ns:b/a\n1:name=systemd:/\n0::/a\nx\n")
    #expect(folders.folder("memory") == "/sys/fs/cgroup/memory/ns/a")
    #expect(folders.folder("cpuacct") == "/sys/fs/cgroup/cpu,cpuacct/ns:b/a")
    #expect(folders.folder("pids") == nil)
    #expect(folders.processes == "/sys/fs/cgroup/memory/ns/a")
    let root = ControlGroup(Self.hybrid, "4:memory:/outer\n2:cpu,cpuacct:/\n")
    #expect(root.folder("cpu") == "/sys/fs/cgroup/cpu,cpuacct")
    #expect(Self.hybrid.isRoot("/sys/fs/cgroup/cpu,cpuacct"))
  }

  @Test func foldersOfVersion2() {
    let folders = ControlGroup(Self.unified, "1:name=systemd:/x\n0::/system.slice/a\n")
    #expect(folders.folder("memory") == "/sys/fs/cgroup/system.slice/a")
    #expect(folders.processes == "/sys/fs/cgroup/system.slice/a")
    #expect(folders.value("max") == .max)
    #expect(ControlGroup(Self.hybrid, "").value("max") == 0)
  }

  @Test func refusals() {
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try Cgroup.add(CurrentProcess.id, to: "/no-such-cgroup")
    }
    #expect(throws: Errno.invalidArgument) { try Cgroup.add(CurrentProcess.id, to: "a/../b") }
  }
}
