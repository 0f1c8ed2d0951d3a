// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// One container's life, in which somebody is killed.
struct KillRound {
  let lane: KillLane
  let plan: KillPlan
  var truth: KillTruth
  /// Statuses of init that somebody was told, and by what.
  var told: [(source: String, status: Int)] = []
  /// `ctr run`, while it reads the output.
  private var attached: Subprocess?
  /// Of earlier rounds, in the stream of events.
  private var eventsBefore: Int
  private var shim: Int32?

  private var containerd: Containerd { lane.containerd }
  private var id: String { lane.id }

  init(lane: KillLane, plan: KillPlan) {
    self.lane = lane
    self.plan = plan
    truth = KillTruth(plan: plan)
    eventsBefore = lane.events.events(of: lane.id).count
  }

  // -- The life, up to the stroke ------------------------------------------------------------------

  mutating func live() throws {
    for step in plan.steps {
      if step == .remove, plan.status != nil, !plan.steps.contains(.kill) { try awaitEnd() }
      let call = try containerd.spawnCtr(arguments(step))
      if step == .run && plan.isAttached { attached = call }
      if step == .kill { truth.wasKilled = true }
      guard step != plan.struck else { return try strike(during: call) }
      let ending = try call.wait()
      try expect(ending, of: step)
      if step == .pause, plan.struck != .pause {
        _ = try containerd.ctr("task", "resume", id)
      }
    }
  }

  private func arguments(_ step: KillPlan.Step) -> [String] {
    switch step {
    case .run:
      let mount = "type=bind,src=\(lane.evidence),dst=/e,options=rbind:rw"
      let group = plan.sharesGroup ? ["--cgroup", lane.neighbours.sharedGroup] : []
      let way = plan.isAttached ? [] : ["--detach", "--log-uri", "file://\(lane.output)"]
      return ["run", "--runtime", Containerd.oci, "--mount", mount] + way + group
        + [Containerd.image, id, "sh", "-c", plan.script]
    case .exec: return ["task", "exec", "--exec-id", "e", id, "sh", "-c", "echo here; exit 3"]
    case .pause: return ["task", "pause", id]
    case .kill:
      return ["task", "kill", "--signal", "KILL"] + (plan.killsAll ? ["--all"] : []) + [id]
    case .remove: return ["task", "rm", "--force", id]
    }
  }

  /// Before the stroke everything works. A short life may be over.
  private mutating func expect(_ ending: Subprocess.Ending, of step: KillPlan.Step) throws {
    switch step {
    case .run: try ending.expectSuccess()
    case .exec where plan.status == nil:
      guard ending.status == 3, ending.output == "here\n" else {
        throw Violation("an exec: status \(ending.status), not 3: \(ending.output)\(ending.errors)")
      }
    case .remove: tell("task rm", Self.status(inWarning: ending.errors))
    default: break
    }
  }

  /// The end of a command that ends by itself.
  private func awaitEnd() throws {
    try eventually("the end is told") {
      lane.events.events(of: id).dropFirst(eventsBefore).contains {
        $0.topic == "/tasks/exit" && $0.process != "e"
      }
    }
  }

  // -- The stroke ----------------------------------------------------------------------------------

  private mutating func strike(during call: Subprocess) throws {
    let deadline = ContinuousClock.now + .milliseconds(1500)
    while !hasCome(plan.moment), !call.hasExited, .now < deadline { usleep(300) }
    usleep(UInt32(plan.delay))
    switch plan.victim {
    case .containerd:
      try containerd.crash()
      truth.hasHit = true
    case .shim:
      while !truth.hasHit, !call.hasExited, .now < deadline {
        if let shim = lane.shim() { kill(shim) }
      }
    case .runtime:
      // One that works now, or the next.
      while !truth.hasHit {
        if let shim = findShim(), let runtime = lane.runtime(of: shim) {
          truth.hasHit = Foundation.kill(runtime, SIGKILL) == 0
        } else if call.hasExited || .now > deadline {
          break
        }
      }
    }
    if attached == nil { _ = try call.wait() }
    guard plan.victim == .containerd else { return }
    usleep(UInt32(plan.outage * 1000))
    try lane.restart()
    eventsBefore = 0
  }

  /// What it had recorded is read at once: containerd removes the bundle soon.
  private mutating func kill(_ shim: Int32) {
    let bundle = containerd.bundle(id)
    truth.hasHit = Foundation.kill(shim, SIGKILL) == 0
    while !Processes.isGone(shim) && !Processes.isZombie(shim) {}
    let exits = Files.read("\(bundle)/exits") ?? ""
    let init1 = exits.split(separator: "\n").map { $0.split(separator: " ") }.last {
      $0.count == 10 && $0[1] == "-"
    }
    if let init1, let status = Int(init1[3]) {
      truth.record = .status(status)
    } else if Files.exists("\(bundle)/config.json") {
      truth.record = .none
    }
  }

  private mutating func hasCome(_ moment: KillPlan.Moment) -> Bool {
    switch moment {
    case .atOnce: true
    case .shim: findShim() != nil
    case .runtime: findShim().flatMap { lane.runtime(of: $0) } != nil
    case .bundle(let name): Files.exists("\(containerd.bundle(id))/\(name)")
    case .evidence(let name): lane.has(name)
    }
  }

  private mutating func findShim() -> Int32? {
    shim = shim ?? lane.shim()
    return shim
  }

  // -- What is said of it, and the clean-up --------------------------------------------------------

  mutating func cleanUp() throws {
    let state = try settledState()
    if plan.killsFirst {
      if state != "STOPPED" { truth.wasKilled = true }
      _ = try containerd.ctr("task", "kill", "--signal", "KILL", id)
    }
    if state != "STOPPED" { truth.wasKilled = true }
    // What the first stroke has cut short may fail the first time.
    var removal = try containerd.ctr("task", "rm", "--force", id)
    if removal.status != 0 && !removal.errors.contains("not found") {
      removal = try containerd.ctr("task", "rm", "--force", id)
      guard removal.status == 0 || removal.errors.contains("not found") else {
        throw Violation("task rm --force: \(removal.errors)")
      }
    }
    tell("task rm", Self.status(inWarning: removal.errors))
    if let attached {
      // Nobody was killed, and its task was there too late for the first removal.
      while !truth.hasHit && !attached.hasExited {
        _ = try containerd.ctr("task", "rm", "--force", id)
      }
      let ending = try attached.wait()
      if !ending.errors.contains("ctr: "), ending.status != 0 || !truth.hasHit {
        tell("ctr run", Int(ending.status))
      }
      try expectPrefix(ending.outputBytes, "ctr run")
    }
    let container = try containerd.ctr("container", "rm", id)
    guard container.status == 0 || container.errors.contains("not found") else {
      throw Violation("container rm: \(container.errors)")
    }
    if plan.victim == .containerd { _ = try containerd.ctr("snapshot", "rm", id) }
    if plan.victim == .shim && plan.struck == .run {
      // containerd runs no `delete` for a shim to which it has not come yet: the dead socket stays until
      // the same id runs again.
      try eventually("no shim is left") {
        containerd.shimProcesses.isEmpty && !Files.exists(containerd.bundle(id))
      }
    } else {
      try containerd.proveNothingIsLeft()
    }
    try lane.proveRuntimeHasForgotten(afterKill: plan.victim != .containerd && plan.struck == .run)
  }

  /// What `ctr task ls` says, once it is true: containerd may need a moment to hear of an end.
  /// - Returns: nil if the task is not there.
  private func settledState() throws -> String? {
    var state: String?
    var said = ""
    try eventually("the status is true", told: { said }) {
      let task = lane.plant.distort(try containerd.task(id))
      state = task?.state
      guard let task else { return true }
      said = "\(task.state) of process \(task.pid)"
      let lives = !Processes.isGone(task.pid) && !Processes.isZombie(task.pid)
      switch task.state {
      case "CREATED", "RUNNING", "PAUSED", "PAUSING": return lives
      case "STOPPED": return !lives
      default: return false
      }
    }
    return state
  }

  // -- The judgement -------------------------------------------------------------------------------

  mutating func judge() throws {
    truth.hasStarted = lane.has("started")
    truth.hasEnded = lane.has("end")
    let told = lane.plant.distort(
      Array(lane.events.events(of: id).dropFirst(eventsBefore)))
    if let objection = truth.objection(to: told, exec: "e") {
      throw Violation("events: \(objection)")
    }
    for event in told where event.topic == "/tasks/exit" {
      if event.process != "e" {
        tell("an event", event.status)
      } else if event.status != 3, event.status != 137 {
        throw Violation("an event: the exec's status is \(event.status)")
      }
    }
    for (source, status) in self.told {
      if let objection = truth.objection(to: status) {
        throw Violation("\(source) says \(status), but \(objection)")
      }
    }
    if !plan.isAttached, let bytes = FileManager.default.contents(atPath: lane.output) {
      try expectPrefix(Array(bytes), "the file")
    }
  }

  private func expectPrefix(_ bytes: [UInt8], _ source: String) throws {
    guard plan.output.starts(with: lane.plant.distort(output: bytes)) else {
      throw Violation("output in \(source) is no prefix, \(bytes.count) bytes")
    }
  }

  private mutating func tell(_ source: String, _ status: Int?) {
    if let status { told.append((source, status)) }
  }

  /// `task X exit with non-zero exit code 137`
  private static func status(inWarning text: String) -> Int? {
    guard let range = text.range(of: "non-zero exit code ") else { return nil }
    return Int(text[range.upperBound...].prefix { $0.isNumber })
  }
}
