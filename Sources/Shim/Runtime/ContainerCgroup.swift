// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// The control group of a container: who is in it.
struct ContainerCgroup {
  /// Its folder in a hierarchy that knows all its processes.
  private let path: String

  /// The group that a process is in now; nil for one that is gone, or in the root group.
  init?(of pid: Int32) {
    guard let table = ProcFile.read("\(pid)/cgroup") else { return nil }
    guard let found = Self.folder(table), !found.hasSuffix("/") else { return nil }
    path = found
  }

  /// From lines `number:controllers:path` (cgroups(7)). In a mixed system version 1 has the
  /// controllers, and an OCI runtime makes its groups there.
  static func folder(_ table: String) -> String? {
    var unified: String?
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let names = fields[1].split(separator: ",")
      // Of every hierarchy of version 1 the pids are the same; these two are nearly always there.
      if let name = ["pids", "memory"].first(where: { names.contains(Substring($0)) }) {
        return "/sys/fs/cgroup/\(name)\(fields[2])"
      }
      if fields[1].isEmpty { unified = "/sys/fs/cgroup\(fields[2])" }
    }
    return unified
  }

  /// Live processes in it and in the groups below.
  var pids: [Int32] {
    var found: [Int32] = []
    var folders = [path]
    while let folder = folders.popLast() {
      let text = ProcFile.read(at: "\(folder)/cgroup.procs") ?? ""
      found += text.split(separator: "\n").compactMap { Int32($0) }
      folders += ProcFile.list(at: folder, folders: true).map { "\(folder)/\($0)" }
    }
    return found
  }
}
