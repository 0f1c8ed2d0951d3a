// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Plays rounds one after the other, under a containerd of its own, always with the same id.
final class KillLane {
  let containerd: Containerd
  let id: String
  let plant: Plants
  let neighbours: Neighbours
  /// What the container writes, besides its output.
  let evidence: String
  /// Where its output goes when no client reads it.
  let output: String
  var events: EventStream

  /// - Parameter other: the neighbours' containerd.
  init(_ containerd: Containerd, besides other: Containerd, number: Int, plant: Plants) throws {
    self.containerd = containerd
    self.plant = plant
    id = "killed-\(getpid())-\(number)"
    neighbours = try Neighbours(other, of: id)
    evidence = "\(containerd.folder)/evidence"
    output = "\(containerd.folder)/output"
    events = try EventStream(containerd)
    try containerd.remember(id)
  }

  func has(_ name: String) -> Bool { Files.exists("\(evidence)/\(name)") }

  var isTold: Bool { !events.topics(of: id).isEmpty }

  /// - Returns: whether somebody was killed.
  func play(_ plan: KillPlan) throws -> Bool {
    try? FileManager.default.removeItem(atPath: evidence)
    try? FileManager.default.removeItem(atPath: output)
    try Files.makeFolder(evidence)
    var round = KillRound(lane: self, plan: plan)
    try round.live()
    try round.cleanUp()
    try round.judge()
    try runAgain()
    try neighbours.prove()
    return round.truth.hasHit
  }

  /// The same id, right after the clean-up.
  private func runAgain() throws {
    let again = try containerd.runContainer(id, "sh", "-c", "exit 7")
    guard again.status == 7 else {
      throw Violation("the same id again: status \(again.status), not 7: \(again.errors)")
    }
    try containerd.proveNothingIsLeft()
    try proveRuntimeHasForgotten()
  }

  /// The OCI runtime keeps nothing of the container: neither its state nor a control group.
  ///
  /// - Parameter afterKill: runc was killed, by us or with its shim, perhaps before it wrote down that the groups are its: then
  ///   its `delete` does not know of them, and they stay, empty, until the same id runs again.
  func proveRuntimeHasForgotten(afterKill: Bool = false) throws {
    let state = "/run/containerd/runc/\(Containerd.namespace)/\(id)"
    if Files.exists(state) { throw Violation("runc's state is left: \(state)") }
    for controller in Files.names(in: "/sys/fs/cgroup") + ["."] {
      let group = "/sys/fs/cgroup/\(controller)/\(Containerd.namespace)/\(id)"
      guard Files.exists(group) else { continue }
      guard afterKill else { throw Violation("a control group is left: \(group)") }
      // Half a container ends when it sees that runc is gone.
      try eventually("no process is left in \(group)") {
        (Files.read("\(group)/cgroup.procs") ?? "").isEmpty
      }
    }
  }

  /// Restarts containerd, which must have been killed.
  func restart() throws {
    try containerd.start()
    // containerd hides a bundle before it removes it, and never looks at what is hidden.
    let hidden = containerd.bundle(".\(id)")
    try? FileManager.default.removeItem(atPath: hidden)
    events = try EventStream(containerd)
  }

  /// The container's shim; nil if there is none.
  func shim() -> Int32? {
    Processes.working(below: "\(containerd.folder)/state").first(where: isShim)
  }

  private func isShim(_ pid: Int32) -> Bool {
    let line = Processes.commandLine(of: pid)
    // A copy of a shim that mounts has the same command line.
    guard Processes.field("Name", of: pid) == "containerd-shim" else { return false }
    return line.contains(id) && line.contains("-namespace") && line.last != "start"
      && line.last != "delete" && !Processes.isGone(pid)
  }

  /// The OCI runtime that works for this shim.
  func runtime(of shim: Int32) -> Int32? {
    Processes.children(of: shim).first { Processes.commandLine(of: $0).contains("--root") }
  }
}
