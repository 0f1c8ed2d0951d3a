// SPDX-License-Identifier: Apache-2.0

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
    for hierarchy in hierarchies(in: ProcFile.read("self/mounts") ?? "") {
      let file = "\(hierarchy)/\(path)/cgroup.procs"
      do throws(Errno) {
        let procs = Descriptor(
          owning: try valueOrErrno { unsafe open(file, O_WRONLY | O_CLOEXEC) })
        _ = try procs.write(Array("\(pid)".utf8).span)
        isFound = true
      } catch .noSuchFileOrDirectory {}
    }
    if !isFound { throw .noSuchFileOrDirectory }
  }

  /// Where they are mounted. A cgroup2 beside those of v1 (hybrid) is not for processes of services.
  static func hierarchies(in table: String) -> [String] {
    let mounts = table.split(separator: "\n").map { $0.split(separator: " ") }
    func points(_ type: String) -> [String] {
      mounts.filter { $0.count > 2 && $0[2] == type }.map { String($0[1]) }
    }
    let root = "/sys/fs/cgroup"
    if points("cgroup2").contains(root) { return [root] }
    return points("cgroup").filter { $0.hasPrefix("\(root)/") }
  }
}
