// SPDX-License-Identifier: Apache-2.0

/// What a round does and when it strikes: all of it chosen before the round begins.
struct KillPlan: CustomStringConvertible {
  enum Victim: String, CaseIterable { case shim, containerd, runtime }

  /// The calls of a container's life, one after the other.
  enum Step: String { case run, exec, pause, kill, remove }

  /// What the stroke waits for within its step, besides a delay.
  enum Moment: CustomStringConvertible {
    case atOnce
    /// The shim's process is there.
    case shim
    /// The OCI runtime is at work.
    case runtime
    /// A file in the bundle.
    case bundle(String)
    /// A file that the container has written.
    case evidence(String)

    var description: String {
      switch self {
      case .atOnce: "at once"
      case .shim: "the shim is there"
      case .runtime: "the runtime works"
      case .bundle(let name): "\(name) in the bundle"
      case .evidence(let name): "the container wrote \(name)"
      }
    }
  }

  let round: Int
  let victim: Victim
  /// The step that is struck; those after it are not made.
  let struck: Step
  let moment: Moment
  /// After the moment (microseconds).
  let delay: Int
  let steps: [Step]
  /// `ctr run` stays and reads the output; else it goes to a file.
  let isAttached: Bool
  /// The status with which the command ends by itself; nil if it does not.
  let status: Int?
  let lines: Int
  /// Before its end (milliseconds).
  let life: Int
  /// containerd stays away so long (milliseconds).
  let outage: Int
  /// The clean-up says `task kill` before `task rm -f`.
  let killsFirst: Bool
  /// It is in the control group of a neighbour.
  let sharesGroup: Bool
  /// The call that kills means all processes of the container.
  let killsAll: Bool

  init(seed: UInt64, round: Int) {
    var choices = Choices(seed: seed, round: round)
    self.round = round
    victim = choices.one(of: [(5, .shim), (2, .containerd), (3, .runtime)])
    isAttached = choices.once(in: 4)
    status = choices.once(in: 3) ? nil : choices.number(1...99)
    lines = choices.one(of: [(1, 0), (2, choices.number(1...20)), (2, choices.number(100...3000))])
    life = choices.one(of: [(2, 0), (1, choices.number(1...20)), (1, choices.number(20...150))])
    var steps: [Step] = [.run]
    if !isAttached {
      if choices.once(in: 3) { steps.append(.exec) }
      if choices.once(in: 6) { steps.append(.pause) }
      if status == nil || choices.once(in: 4) { steps.append(.kill) }
      steps.append(.remove)
    }
    // A frozen group would keep the next container from its making.
    let couldShare = !steps.contains(.pause)
    self.steps = steps
    // The first is the longest, and most happens in it.
    let struck = choices.once(in: 2) ? .run : steps[choices.number(0...steps.count - 1)]
    self.struck = struck
    if victim == .runtime {
      moment = .runtime
      delay = choices.number(0...(struck == .run ? 60_000 : 25_000))
    } else if struck == .run {
      moment = choices.one(of: [
        (3, .atOnce), (2, .shim), (4, .runtime), (1, .bundle("init.pid")),
        (1, .bundle("init.process")), (2, .evidence("started")), (2, .evidence("end")),
        (2, .bundle("exits")),
      ])
      if case .atOnce = moment {
        delay = choices.number(0...200_000)
      } else {
        delay = choices.one(of: [
          (1, 0), (2, choices.number(0...3000)), (2, choices.number(0...30_000)),
        ])
      }
    } else {
      moment = choices.once(in: 3) ? .runtime : .atOnce
      delay = choices.number(0...60_000)
    }
    outage = choices.number(0...200)
    killsFirst = choices.once(in: 2)
    sharesGroup = choices.once(in: 3) && couldShare
    killsAll = choices.once(in: 2)
  }

  /// The command, which leaves evidence of its end before it ends.
  var script: String {
    let output = "i=0; while [ $i -lt \(lines) ]; do echo \"line $i\"; i=$((i+1)); done; "
    let end =
      status.map { "usleep \(life * 1000); echo \($0) >/e/end; exit \($0)" } ?? "exec sleep 100000"
    return ": >/e/started; \(output)\(end)"
  }

  /// All that the command writes.
  var output: [UInt8] {
    Array((0..<lines).map { "line \($0)\n" }.joined().utf8)
  }

  var description: String {
    "\(victim.rawValue) in \(struck.rawValue) when \(moment), \(delay) us later; steps "
      + "\(steps.map(\.rawValue).joined(separator: ",")), \(isAttached ? "attached" : "detached"), "
      + "status \(status.map(String.init) ?? "none"), \(lines) lines, life \(life) ms, "
      + "outage \(outage) ms"
      + (sharesGroup ? ", in a neighbour's group" : "") + (killsAll ? ", kills all" : "")
  }
}
