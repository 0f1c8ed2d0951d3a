// SPDX-License-Identifier: Apache-2.0

import Support

/// Containers of another containerd that must never die: one in the group that the victim shares in some
/// rounds, and others in groups whose paths end in the names of the victim's.
struct Neighbours {
  /// Of the mate; the victim's in the rounds in which it shares.
  let sharedGroup: String
  private let containerd: Containerd
  private let pids: [String: Int32]

  /// - Parameter id: the victim's.
  init(_ containerd: Containerd, of id: String) throws {
    self.containerd = containerd
    sharedGroup = "/shared-\(id)/pod"
    let groups = [
      "mate": sharedGroup, "beside": "/outer/\(Containerd.namespace)/\(id)",
      "beside-mate": "/outer\(sharedGroup)",
    ]
    var pids: [String: Int32] = [:]
    for (name, group) in groups {
      let neighbour = "\(name)-\(id)"
      try containerd.remember(neighbour)
      try containerd.ctr(
        "run", "--detach", "--null-io", "--runtime", Containerd.oci, "--cgroup", group,
        Containerd.image, neighbour, "sleep", "100000"
      ).expectSuccess()
      pids[neighbour] = try containerd.task(neighbour)?.pid
    }
    self.pids = pids
  }

  func prove() throws {
    for (name, pid) in pids where Processes.isGone(pid) || Processes.isZombie(pid) {
      throw Violation("a neighbour was ended: \(name)")
    }
  }

  func end() throws {
    for name in pids.keys {
      // Once more: runc cannot remove a group in which others are, and says so once.
      let first = try containerd.ctr("task", "rm", "--force", name)
      if first.status != 0 { _ = try containerd.ctr("task", "rm", "--force", name) }
      _ = try containerd.ctr("container", "rm", name)
    }
  }
}
