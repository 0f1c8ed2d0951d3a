// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// A cgroup that somebody has made.
package enum Cgroup {
  /// Moves a process into it: in the one hierarchy of cgroup v2, or else in each of v1 that has it,
  /// as containerd's own shims do. It is not made here.
  ///
  /// - Throws: `ENOENT` when there is no such cgroup, `EINVAL` for a path that leads out of them.
  package static func add(_ pid: Int32, to path: String) throws(Errno) {
    guard !path.split(separator: "/").contains("..") else { throw .invalidArgument }
    var isFound = false
    for hierarchy in CgroupHierarchies.mounted.all {
      let file = "\(hierarchy.mountPoint)/\(path)/cgroup.procs"
      do throws(Errno) {
        let procs = Descriptor(
          owning: try valueOrErrno { unsafe open(file, O_WRONLY | O_CLOEXEC) })
        _ = try procs.write(Array("\(pid)".utf8).span)
        isFound = true
      } catch .noSuchFileOrDirectory {}
    }
    if !isFound { throw .noSuchFileOrDirectory }
  }

  /// A descriptor that is readable each time the kernel finds no memory for a group of version 1, and
  /// when the group is removed.
  ///
  /// - Parameter folder: of the controller `memory`.
  package static func openOOMEvents(of folder: String) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(unsafe clinux_open_oom_events(folder)))
  }
}
