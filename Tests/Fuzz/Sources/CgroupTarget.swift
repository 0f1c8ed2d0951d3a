// SPDX-License-Identifier: Apache-2.0

import CgroupMetrics
import Glibc
import SwiftProtobuf

@testable import Linux
@testable import TaskService

/// The table of mounts, a process's groups, and the files of its group. The input is files, each a
/// line with its name, its text, and a line with a dot; a name has no slash but the first.
enum CgroupTarget {
  private static let root: String = {
    var template = Array("/dev/shm/fuzz-cgroup-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no folder in /dev/shm") }
    let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for folder in ["", "/all"] { mkdir("\(root)\(folder)/a", 0o700) }
    return root
  }()

  @Sendable static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    tables(text)
    let unified = CgroupHierarchies("1 2 0:1 / \(root) rw - cgroup2 c rw", at: root)
    let group = ControlGroup(unified, "0::/a\n")
    let files = write(text)
    defer { for file in files { unlink(file) } }
    let second = CgroupV2Metrics(group)
    let controllers = "cpu,cpuacct,memory,blkio,pids,hugetlb,rdma"
    let first = CgroupV1Metrics(
      ControlGroup(
        CgroupHierarchies("1 2 0:1 / \(root)/a rw - cgroup c rw,\(controllers)", at: root),
        "1:\(controllers):/\n"))
    for message in [first, second] as [any Message] {
      guard let bytes: [UInt8] = try? message.serializedBytes() else { fatalError("no message") }
      Fuzz.require(bytes.count < 1 << 20, "a message as large as none in a frame")
    }
    Fuzz.plant(5...9 ~= second.memoryEvents.oomKill)
  }

  private static func tables(_ text: String) {
    let hierarchies = CgroupHierarchies(text)
    for controller in ["memory", "pids"] {
      let folder = hierarchies.folder(controller, of: text)
      Fuzz.require(folder?.isEmpty != true, "a folder without a name")
    }
  }

  private static func write(_ text: String) -> [String] {
    var files: [String] = []
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let name = lines.popFirst(), files.count < 16 {
      let content = lines.prefix { $0 != "." }
      lines = lines.dropFirst(content.count + 1)
      guard !name.isEmpty, name.utf8.count < 64, !name.contains("/"), !name.contains("\0"),
        name != ".."
      else { continue }
      let path = "\(root)/a/\(name)"
      guard let file = fopen(path, "w") else { continue }
      fputs(content.joined(separator: "\n") + "\n", file)
      fclose(file)
      files.append(path)
    }
    return files
  }
}
