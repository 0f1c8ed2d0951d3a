// SPDX-License-Identifier: Apache-2.0

/// Who is in a control group in any hierarchy: of version 1 somebody may have joined it in one alone.
extension ControlGroup {
  /// In each hierarchy; not the root groups, in which all processes of the machine are.
  package var folders: [String] {
    hierarchies.folders(of: table).filter { !hierarchies.isRoot($0) }
  }

  /// Live processes in it and in the groups below.
  package var members: [Int32] { Self.pids(below: folders) }

  /// Each once.
  package static func pids(below folders: [String]) -> [Int32] {
    let all = folders.flatMap { pids(below: $0) }.sorted()
    return zip(all, [0] + all).filter { $0 != $1 }.map(\.0)
  }

  /// Whether a process is in it or in a group below, now. Paths are compared whole, name by name, in each
  /// hierarchy by itself.
  package func contains(_ pid: Int32) -> Bool {
    guard let its = ProcFile.read("\(pid)/cgroup") else { return false }
    return hierarchies.folders(of: its).contains { folder in
      folders.contains { RawPath(folder).isAtOrBelow($0) }
    }
  }

  /// Whether we are in it or below: then it is not a container's own. By the hierarchy that knows all
  /// processes: not every runtime moves them in each.
  package var holdsCaller: Bool {
    guard let folder = processes, let mine = ControlGroup(of: CurrentProcess.id)?.processes else {
      return false
    }
    return RawPath(mine).isAtOrBelow(folder)
  }

  /// A folder and all below. A container may give the groups below its own any names.
  static func folders(below folder: String) -> [RawPath] {
    var found = [RawPath(folder)]
    var next = 0
    while next < found.count {
      found += ProcFile.folders(in: found[next])
      next += 1
    }
    return found
  }
}
