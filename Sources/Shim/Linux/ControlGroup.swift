// SPDX-License-Identifier: Apache-2.0

/// A control group: its folders, one for each controller of version 1, or the one of version 2; and
/// what the kernel tells in their files.
package struct ControlGroup {
  let hierarchies: CgroupHierarchies
  /// /proc/PID/cgroup of a process in it: short, and kept for months.
  let table: String

  init(_ hierarchies: CgroupHierarchies, _ table: String) {
    self.hierarchies = hierarchies
    self.table = table
  }

  /// Of what has no group of its own: nothing is counted there.
  package static let uncounted = ControlGroup(.mounted, "")

  /// The group that a process is in now; nil for one that is gone, or in the root group.
  package init?(of pid: Int32) {
    guard let table = ProcFile.read("\(pid)/cgroup") else { return nil }
    self.init(.mounted, table)
    guard let folder = processes, !hierarchies.isRoot(folder) else { return nil }
  }

  package var isUnified: Bool { hierarchies.isUnified }

  /// - Parameter controller: of version 1; version 2 has one folder for all.
  package func folder(_ controller: String) -> String? {
    hierarchies.folder(controller, of: table)
  }

  /// One that knows all processes: of every hierarchy of version 1 they are the same, and these two
  /// are nearly always there.
  package var processes: String? { folder("pids") ?? folder("memory") }

  package var exists: Bool { processes.map(ProcFile.exists(at:)) ?? false }

  /// Live processes in it and in the groups below.
  package var pids: [Int32] { processes.map(Self.pids(below:)) ?? [] }

  /// - Parameter folder: of one group in one hierarchy.
  package static func pids(below folder: String) -> [Int32] {
    folders(below: folder).flatMap { folder in
      (ProcFile.read(at: folder / "cgroup.procs") ?? "").split(separator: "\n")
        .compactMap { Int32($0) }
    }
  }

  /// Nil for version 1, where every group has its controller.
  package var delegation: Delegation? {
    guard isUnified, let root = hierarchies.all.first, let folder = processes,
      !folder.contains("/../")  // not below what this namespace shows
    else { return nil }
    return Delegation(from: root.mountPoint, to: folder)
  }

  /// How many of its processes, and of those in groups below, the kernel has killed for want of memory;
  /// nil when the group is gone. Version 1 counts those of the group alone.
  package var kills: UInt64? { folder("memory").flatMap(kills) }

  /// The same of each group above, the nearest first. The root has no such count.
  package var killsAbove: [UInt64?] {
    var counts: [UInt64?] = []
    var folder = folder("memory") ?? ""
    while let slash = folder.lastIndex(of: "/"), !hierarchies.isRoot(String(folder[..<slash])) {
      folder = String(folder[..<slash])
      counts.append(kills(in: folder))
    }
    return counts
  }

  private func kills(in folder: String) -> UInt64? {
    ProcFile.read(at: "\(folder)/\(isUnified ? "memory.events" : "memory.oom_control")").map {
      table(of: $0)["oom_kill"]
    }
  }

  /// Kills all that is in it and below, frozen or not, and what is born meanwhile: version 2, since
  /// Linux 5.14.
  ///
  /// - Returns: false when it cannot be done so, and nothing has happened. Never to the group of the
  ///   caller: a container may have none of its own.
  package func killAll() -> Bool {
    guard isUnified, let folder = processes, !pids.isEmpty,
      let mine = ControlGroup(of: CurrentProcess.id)?.processes, !"\(mine)/".hasPrefix("\(folder)/")
    else { return false }
    guard (try? ProcFile.write(at: "\(folder)/cgroup.kill", "1")) != nil else { return false }
    // What is dead needs no thawing; but runc takes an empty group that is frozen for a paused container.
    try? ProcFile.write(at: "\(folder)/cgroup.freeze", "0")
    return true
  }

  package func read(_ file: String, of controller: String) -> String? {
    folder(controller).flatMap { ProcFile.read(at: "\($0)/\(file)") }
  }

  /// A file with one number; nil when it is not there.
  package func number(_ file: String, of controller: String) -> UInt64? {
    read(file, of: controller).map { value($0.prefix { !$0.isWhitespace }) }
  }

  /// `max` is the greatest number in version 2, and 0 in version 1, as containerd's own shims say it.
  package func value(_ word: Substring) -> UInt64 {
    word == "max" && isUnified ? .max : UInt64(word) ?? 0
  }

  /// The words of each line that has some.
  package func lines(_ file: String, of controller: String) -> [[Substring]] {
    lines(of: read(file, of: controller) ?? "")
  }

  private func lines(of text: String) -> [[Substring]] {
    text.split(separator: "\n").map { $0.split(separator: " ") }.filter { !$0.isEmpty }
  }

  /// Lines of a name and a number.
  package func table(_ file: String, of controller: String) -> CgroupTable {
    table(of: read(file, of: controller) ?? "")
  }

  private func table(of text: String) -> CgroupTable {
    var values: [Substring: UInt64] = [:]
    for line in lines(of: text) where line.count == 2 {
      values[line[0]] = value(line[1])
    }
    return CgroupTable(values: values)
  }

  /// The page sizes of which the controller `hugetlb` keeps count, such as `2MB`.
  ///
  /// - Parameter suffix: of the files that are named by them.
  package func pageSizes(_ suffix: String) -> [String] {
    guard let folder = folder("hugetlb") else { return [] }
    return ProcFile.list(at: folder).compactMap { name in
      let words = name.split(separator: ".")
      return words.count == 3 && words[0] == "hugetlb" && words[2] == suffix
        ? String(words[1]) : nil
    }.sorted()
  }
}

/// Numbers by name; 0 for one that this kernel does not tell.
package struct CgroupTable {
  fileprivate let values: [Substring: UInt64]

  package var isEmpty: Bool { values.isEmpty }
  package subscript(name: Substring) -> UInt64 { values[name] ?? 0 }
}
