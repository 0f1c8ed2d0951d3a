// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A control group of a test's own, removed with its owner; its processes must have ended.
package final class TemporaryGroup {
  /// As in /proc/PID/cgroup and config.json.
  package let path: String
  private let folders: [String]

  /// - Parameter id: the last name of its path.
  package init(_ id: String) throws {
    path = "/swift-\(getpid())/\(id)"
    // Version 1 has a hierarchy for each controller; one that knows all processes is enough.
    let above = "/sys/fs/cgroup/\(OCIVariant.hasVersion2 ? "" : "pids/")swift-\(getpid())"
    folders = ["\(above)/\(id)", above]
    try Files.makeFolder(folders[0])
  }

  deinit { for folder in folders { rmdir(folder) } }

  package func add(_ pid: Int32) throws { try write("\(pid)", to: "cgroup.procs") }

  /// - Parameter count: as many as it may have; nil for any number.
  package func limitProcesses(to count: Int?) throws {
    try write(count.map(String.init) ?? "max", to: "pids.max")
  }

  private func write(_ text: String, to file: String) throws {
    try text.write(toFile: "\(folders[0])/\(file)", atomically: false, encoding: .utf8)
  }
}
