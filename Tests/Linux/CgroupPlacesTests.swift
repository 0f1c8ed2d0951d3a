// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Linux

/// Where a runtime may make a group, by `linux.cgroupsPath`.
@Suite struct CgroupPlacesTests {
  private static let first = CgroupHierarchies(
    """
    33 31 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
    35 31 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
    """)
  private static let unified = CgroupHierarchies(
    "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")

  private func places(
    _ hierarchies: CgroupHierarchies, _ path: String, systemd: Bool = false, own: String = "",
    first: String = ""
  ) -> [String] {
    hierarchies.places(
      of: GroupName(path: path, id: "c1", usesSystemd: systemd), own: own, first: first
    ).map { String($0.dropFirst("/sys/fs/cgroup".count)) }
  }

  @Test func anAbsolutePathIsWhole() {
    #expect(places(Self.first, "/exam/c1") == ["/pids/exam/c1", "/systemd/exam/c1"])
    #expect(places(Self.first, "//exam/./x/../c1/") == ["/pids/exam/c1", "/systemd/exam/c1"])
    #expect(places(Self.first, "/../exam") == ["/pids/exam", "/systemd/exam"])
    #expect(places(Self.unified, "/exam/c1") == ["/exam/c1"])
    // The root is nobody's.
    #expect(places(Self.unified, "/") == [])
    #expect(places(Self.unified, "/x/..") == [])
  }

  @Test func aRelativePathBeginsWhereTheRuntimeIsOrAtTheRoot() {
    let own = "4:pids:/shims\n1:name=systemd:/\n0::/other\n"
    #expect(
      places(Self.first, "a/c1", own: own) == [
        "/pids/a/c1", "/systemd/a/c1", "/pids/shims/a/c1",
      ])
    #expect(places(Self.unified, "c1", own: "0::/b/shims\n") == ["/c1", "/b/shims/c1", "/b/c1"])
    // None at all: the container's name.
    #expect(places(Self.unified, "", own: "0::/\n") == ["/c1"])
    // With colons, but not for systemd.
    #expect(places(Self.unified, "a:b:c", own: "0::/\n") == ["/a:b:c"])
  }

  @Test func systemdMakesAScope() {
    #expect(
      places(Self.unified, "user-1.slice:cri:x", systemd: true, first: "0::/init.scope\n")
        == ["/user.slice/user-1.slice/cri-x.scope"])
    #expect(
      places(Self.first, ":cri:x", systemd: true, first: "1:name=systemd:/docker/init.scope\n")
        == [
          "/pids/system.slice/cri-x.scope", "/systemd/system.slice/cri-x.scope",
          "/systemd/docker/system.slice/cri-x.scope",
        ])
    #expect(places(Self.unified, "-.slice:a:x.slice", systemd: true) == ["/x.slice"])
    #expect(
      places(Self.unified, "a.slice::x", systemd: true)
        == ["/a.slice/-x.scope", "/a.slice/x.scope"])
    #expect(places(Self.unified, "", systemd: true).contains("/system.slice/runc-c1.scope"))
    #expect(places(Self.unified, "/a/b", systemd: true) == [])
  }
}
