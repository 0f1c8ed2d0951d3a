// SPDX-License-Identifier: Apache-2.0

/// The hierarchies of control groups (cgroups(7)): the one of version 2, or those of version 1, each
/// with controllers of its own. Where both are mounted (hybrid), version 1 has the controllers.
package struct CgroupHierarchies: Sendable {
  struct Hierarchy: Equatable {
    let controllers: [Substring]
    let mountPoint: String
    /// What of the hierarchy is mounted there: `/`, but in a container.
    let root: String
  }

  private static let place = "/sys/fs/cgroup"
  /// Nobody mounts them while the system runs.
  package static let mounted = CgroupHierarchies(
    ProcFile.beginning("self/mountinfo", limit: 256 * 1024) ?? "")

  let all: [Hierarchy]
  package let isUnified: Bool

  /// - Parameter table: lines `id parent device root point options … - type source options` (proc(5)).
  init(_ table: String) {
    var first: [Hierarchy] = []
    var unified: Hierarchy?
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash > 5, words.count > dash + 3 else { continue }
      let found = Hierarchy(
        controllers: words[dash + 3].split(separator: ","), mountPoint: String(words[4]),
        root: String(words[3]))
      switch words[dash + 1] {
      case "cgroup2" where found.mountPoint == Self.place: unified = found
      case "cgroup" where found.mountPoint.hasPrefix("\(Self.place)/"): first.append(found)
      default: break
      }
    }
    isUnified = unified != nil
    all = unified.map { [$0] } ?? first
  }

  package func isRoot(_ folder: String) -> Bool { all.contains { $0.mountPoint == folder } }

  /// Where the groups of a process are.
  ///
  /// - Parameter table: its /proc/PID/cgroup: lines `number:controllers:path`, of version 2 `0::path`.
  package func folders(of table: String) -> CgroupFolders {
    var folders: [String: String] = [:]
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, isUnified == fields[1].isEmpty else { continue }
      for name in isUnified ? [""] : fields[1].split(separator: ",") {
        let hierarchy = all.first { isUnified || $0.controllers.contains(name) }
        folders[String(name)] = hierarchy?.folder(of: fields[2])
      }
    }
    return CgroupFolders(isUnified: isUnified, folders)
  }
}

extension CgroupHierarchies.Hierarchy {
  fileprivate func folder(of path: Substring) -> String {
    let inside = root != "/" && path.hasPrefix(root) ? path.dropFirst(root.count) : path
    return inside == "/" ? mountPoint : mountPoint + inside
  }
}
