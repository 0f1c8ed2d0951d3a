// SPDX-License-Identifier: Apache-2.0

/// What a container's config.json says of its control group.
package struct GroupName {
  /// `linux.cgroupsPath`, or empty.
  let path: String
  /// The container's.
  let id: String
  /// The runtime asks systemd for the group: then the path is `SLICE:PREFIX:NAME`.
  let usesSystemd: Bool

  package init(path: String, id: String, usesSystemd: Bool) {
    self.path = path
    self.id = id
    self.usesSystemd = usesSystemd
  }
}

extension CgroupHierarchies {
  /// All folders that an OCI runtime may make a group of this name, before it runs. runc, crun and youki
  /// differ in where a relative path begins, and in the names that they choose themselves: better one
  /// folder too many. None for a name that nobody understands.
  ///
  /// - Parameters:
  ///   - own: /proc/PID/cgroup of who calls the runtime.
  ///   - first: the same of process 1, below whose group systemd has its slices.
  package func places(
    of name: GroupName, own: @autoclosure () -> String = ProcFile.read("self/cgroup") ?? "",
    first: @autoclosure () -> String = ProcFile.read("1/cgroup") ?? ""
  ) -> [String] {
    let tops = all.map(\.mountPoint)
    if name.usesSystemd {
      let bases = folders(of: first()).map { $0.dropping(suffix: "/init.scope") }
      return join(tops + bases, name.scopes)
    }
    let path = Self.clean(name.path.isEmpty ? name.id : name.path)
    if path.isEmpty { return [] }
    if name.path.hasPrefix("/") { return join(tops, [path]) }
    let bases = folders(of: own())
    // In version 2 processes and groups do not go into one group: runc begins beside its own.
    let above = bases.filter { !isRoot($0) }.map {
      String($0[..<($0.lastIndex(of: "/") ?? $0.endIndex)])
    }
    return join(tops + bases + above, [path])
  }

  /// Where a process is, in each hierarchy.
  func folders(of table: String) -> [String] {
    table.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      return folder(fields[1].split(separator: ",").first.map(String.init) ?? "", of: table)
    }
  }

  private func join(_ bases: [String], _ paths: [String]) -> [String] {
    var found: [String] = []
    for base in bases {
      for path in paths where !found.contains("\(base)/\(path)") { found.append("\(base)/\(path)") }
    }
    return found
  }

  /// Whole names with single slashes between them; `..` takes one back and leads nowhere above.
  static func clean(_ path: String) -> String {
    var names: [Substring] = []
    for name in path.split(separator: "/") where name != "." {
      if name == ".." { _ = names.popLast() } else { names.append(name) }
    }
    return names.joined(separator: "/")
  }
}

extension GroupName {
  /// Paths below systemd's root: the scope in its slices (systemd.slice(5)).
  fileprivate var scopes: [String] {
    if path.isEmpty {
      return ["runc", "crun", "youki"].map { "system.slice/\($0)-\(id).scope" } + [
        "system.slice/\(id).scope"
      ]
    }
    let words = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, !words[2].isEmpty else { return [] }
    let unit = words[2].hasSuffix(".slice") ? words[2] : "\(words[1])-\(words[2]).scope"
    let slice = Self.expand(words[0].isEmpty ? "system.slice" : words[0])
    return words[1].isEmpty ? [slice + unit, "\(slice)\(words[2]).scope"] : [slice + unit]
  }

  /// `a-b.slice` lies in `a.slice`.
  private static func expand(_ slice: String) -> String {
    let name = slice.dropping(suffix: ".slice")
    if name == "-" { return "" }
    var path = ""
    var prefix = ""
    for part in name.split(separator: "-") {
      prefix += prefix.isEmpty ? String(part) : "-\(part)"
      path += "\(prefix).slice/"
    }
    return path
  }
}

extension String {
  fileprivate func dropping(suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
