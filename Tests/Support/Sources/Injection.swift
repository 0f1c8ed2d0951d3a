// SPDX-License-Identifier: Apache-2.0

/// Makes the kernel fail or dawdle for a process, by strace(1), as long as this value lives.
package final class Injection {
  private let strace: Subprocess

  /// Comes back when it is in force.
  ///
  /// - Parameters:
  ///   - faults: such as `accept4:error=EMFILE:when=1..3`.
  ///   - path: only in calls about this file.
  ///   - children: also in those that the process has from now on.
  package convenience init(
    into pid: Int32, _ faults: String..., path: String? = nil, children: Bool = false
  ) throws {
    try self.init(into: pid, faults, path: path, children: children)
  }

  package init(
    into pid: Int32, _ faults: [String], path: String? = nil, children: Bool = false
  ) throws {
    strace = try Subprocess(
      ["strace", "-p", "\(pid)", "-o", "/dev/null"] + (children ? ["-f"] : [])
        + (path.map { ["-P", $0] } ?? []) + faults.flatMap { ["-e", "inject=\($0)"] })
    try strace.errors?.wait(for: "strace is attached") { $0.text.contains("attached") }
  }
}
