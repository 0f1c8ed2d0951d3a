// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A control group of a test's own, removed with its owner; its processes must have ended.
package final class TemporaryGroup {
  /// As in /proc/PID/cgroup and config.json.
  package let path: String
  private let folders: [String]

  /// - Parameters:
  ///   - id: the last name of its path, or several.
  ///   - hierarchy: of version 1.
  ///   - exists: false when somebody else is to make it.
  package init(_ id: String, in hierarchy: String = "pids", exists: Bool = true) throws {
    path = "/swift-\(getpid())/\(id)"
    // Version 1 has a hierarchy for each controller; one that knows all processes is enough.
    let root = "/sys/fs/cgroup\(OCIVariant.hasVersion2 ? "" : "/\(hierarchy)")"
    var folders = ["\(root)\(path)"]
    while let slash = folders[folders.count - 1].lastIndex(of: "/") {
      let above = String(folders[folders.count - 1][..<slash])
      if above == root { break }
      folders.append(above)
    }
    self.folders = folders
    if exists { try make() }
  }

  package func make() throws { try Files.makeFolder(folders[0]) }

  /// In the hierarchy that is used.
  package var folder: String { folders[0] }

  deinit { for folder in folders { rmdir(folder) } }

  package func add(_ pid: Int32) throws { try write("\(pid)", to: "cgroup.procs") }

  /// - Parameter count: as many as it may have; nil for any number.
  package func limitProcesses(to count: Int?) throws {
    if OCIVariant.hasVersion2 {
      // The controller has to be passed on from the root down.
      for folder in ["/sys/fs/cgroup"] + folders.dropFirst().reversed() {
        try write("+pids", to: "cgroup.subtree_control", of: folder)
      }
    }
    try write(count.map(String.init) ?? "max", to: "pids.max")
  }

  private func write(_ text: String, to file: String, of folder: String? = nil) throws {
    try text.write(
      toFile: "\(folder ?? folders[0])/\(file)", atomically: false, encoding: .utf8)
  }
}
