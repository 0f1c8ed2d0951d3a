// SPDX-License-Identifier: Apache-2.0

/// The hierarchies of control groups (cgroups(7)): the one of version 2, or those of version 1, each
/// with controllers of its own. Where both are mounted (hybrid), version 1 has the controllers.
package struct CgroupHierarchies: Sendable {
  struct Hierarchy: Equatable {
    /// And other options: words with commas between them.
    let controllers: String
    let mountPoint: String
    /// What of the hierarchy is mounted there: `/`, but in a container.
    let root: String
  }

  /// They are mounted at boot, before any container: what is found at the beginning are all.
  package static let mounted = {
    var table = ""
    ProcFile.readLines("self/mountinfo") { line in
      // They may stand behind thousands of others, which are not looked at closely.
      guard mentions(usualPlace, line) else { return true }
      let text = "\(String(decoding: line, as: UTF8.self))\n"
      table += text
      return !CgroupHierarchies(text).isUnified
    }
    return CgroupHierarchies(table)
  }()

  private static func mentions(_ place: String, _ line: ArraySlice<UInt8>) -> Bool {
    let place = Array(place.utf8)
    return line.indices.dropLast(place.count - 1).contains { start in
      line[start] == place[0] && line[start..<start + place.count].elementsEqual(place)
    }
  }

  /// Where all of them are mounted.
  private static let usualPlace = "/sys/fs/cgroup"

  let all: [Hierarchy]
  package let isUnified: Bool

  /// - Parameter table: lines `id parent device root point options … - type source options` (proc(5)).
  init(_ table: String, at place: String = usualPlace) {
    var first: [Hierarchy] = []
    var unified: Hierarchy?
    for line in table.lines {
      // A table has hundreds of other mounts, and words of characters take long to find.
      let head = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard head.count > 5, head[4].starts(with: place.utf8) else { continue }
      let words = Substring(line).split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash > 5, words.count > dash + 3 else { continue }
      let found = Hierarchy(
        controllers: String(words[dash + 3]), mountPoint: String(words[4]), root: String(words[3]))
      switch words[dash + 1] {
      case "cgroup2" where found.mountPoint == place: unified = found
      case "cgroup" where found.mountPoint.hasPrefix("\(place)/"): first.append(found)
      default: break
      }
    }
    isUnified = unified != nil
    all = unified.map { [$0] } ?? first
  }

  func isRoot(_ folder: String) -> Bool { all.contains { $0.mountPoint == folder } }

  /// Where a controller has the group of a process.
  ///
  /// - Parameter table: its /proc/PID/cgroup: lines `number:controllers:path`, of version 2 `0::path`.
  func folder(_ controller: String, of table: String) -> String? {
    for line in table.lines {
      let fields = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, isUnified ? fields[1].isEmpty : fields[1].names(controller) else {
        continue
      }
      return all.first { isUnified || $0.controllers[...].utf8.names(controller) }?
        .folder(of: Substring(fields[2]))
    }
    return nil
  }
}

extension String {
  fileprivate var lines: [Substring.UTF8View] { utf8.split(separator: UInt8(ascii: "\n")) }
}

extension Substring.UTF8View {
  fileprivate func names(_ controller: String) -> Bool {
    split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual(controller.utf8) }
  }
}

extension CgroupHierarchies.Hierarchy {
  fileprivate func folder(of path: Substring) -> String {
    let inside = root != "/" && path.hasPrefix(root) ? path.dropFirst(root.count) : path
    return inside == "/" ? mountPoint : mountPoint + inside
  }
}
