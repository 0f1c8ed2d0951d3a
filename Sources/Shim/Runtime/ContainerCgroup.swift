// SPDX-License-Identifier: Apache-2.0

package import Linux

/// The control group of a container.
package struct ContainerCgroup {
  /// /proc/PID/cgroup of its init: short, and read once for months.
  private let table: String

  /// The group that a process is in now; nil for one that is gone, or in the root group.
  init?(of pid: Int32) {
    guard let table = ProcFile.read("\(pid)/cgroup") else { return nil }
    self.table = table
    guard let folder = folders.processes, !CgroupHierarchies.mounted.isRoot(folder) else {
      return nil
    }
  }

  package var folders: CgroupFolders { CgroupHierarchies.mounted.folders(of: table) }
}
