// SPDX-License-Identifier: Apache-2.0

/// A control group: its folders, one for each controller of version 1, or the one of version 2; and
/// what the kernel tells in their files.
package struct ControlGroup {
  private let hierarchies: CgroupHierarchies
  /// /proc/PID/cgroup of a process in it: short, and kept for months.
  private let table: String

  init(_ hierarchies: CgroupHierarchies, _ table: String) {
    self.hierarchies = hierarchies
    self.table = table
  }

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
  package var pids: [Int32] {
    var found: [Int32] = []
    var folders = processes.map { [$0] } ?? []
    while let folder = folders.popLast() {
      let text = ProcFile.read(at: "\(folder)/cgroup.procs") ?? ""
      found += text.split(separator: "\n").compactMap { Int32($0) }
      folders += ProcFile.list(at: folder, folders: true).map { "\(folder)/\($0)" }
    }
    return found
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

  /// The words of each line.
  package func lines(_ file: String, of controller: String) -> [[Substring]] {
    (read(file, of: controller) ?? "").split(separator: "\n").map { $0.split(separator: " ") }
  }

  /// Lines of a name and a number.
  package func table(_ file: String, of controller: String) -> CgroupTable {
    var values: [Substring: UInt64] = [:]
    for line in lines(file, of: controller) where line.count == 2 {
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
