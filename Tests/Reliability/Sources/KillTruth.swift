// SPDX-License-Identifier: Apache-2.0

import Support

/// What is known of a container's end, and whether what was said of it can be true.
struct KillTruth {
  /// How far the shim's own record of init's exit had come when the shim was killed.
  enum Record: Equatable { case none, status(Int), unknown }

  let plan: KillPlan
  /// Somebody was killed.
  var hasHit = false
  /// Of a killed shim.
  var record = Record.unknown
  /// The container was killed by a call of ours, which may have come first.
  var wasKilled = false
  /// It had begun, and it had written its status, as of the end of the round.
  var hasStarted = false
  var hasEnded = false

  /// Why a status of init is a lie; nil if it may be true.
  func objection(to status: Int) -> String? {
    if case .status(let recorded) = record, recorded != status {
      return "the shim had recorded \(recorded)"
    }
    if let own = plan.status, status == own {
      return hasEnded ? nil : "it has not come to its end"
    }
    switch status {
    case 137:
      if wasKilled || hasHit && plan.victim == .shim { return nil }
      // The shim ends a container whose create or start has failed.
      if hasHit && plan.victim == .runtime && plan.struck == .run { return nil }
      return "nobody killed it"
    case 255:
      // A Create whose caller is gone is undone, and its shim ends.
      if hasHit, plan.victim == .containerd, plan.struck == .run, !hasStarted { return nil }
      if !hasHit || plan.victim != .shim { return "its shim lived" }
      return hasEnded || wasKilled || !hasStarted ? nil : "it cannot have ended unseen"
    default:
      return "it is neither its own status nor one of a kill"
    }
  }

  /// A container's events in one life of containerd, or since: in order, and each once.
  func objection(to events: [EventStream.Event], exec: String) -> String? {
    let own = events.filter { $0.process != exec }
    var life = ["/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed"]
    // containerd tells both ends for a shim that was killed before its Delete was answered, and does
    // not know whether the shim has told them. So does the next containerd, if a Delete of the one before
    // ends after it has begun: then the shim goes, unasked. runc takes its time for a group in which others
    // are.
    let isCut = plan.victim == .containerd && plan.struck == .remove
    for _ in 1...(hasHit && (plan.victim == .shim || isCut) ? 2 : 1) {
      life += ["/tasks/exit", "/tasks/delete"]
    }
    if let topic = Self.stranger(among: own, in: life) {
      return "\(topic) is out of order or there twice: \(own.map(\.topic))"
    }
    let others = events.filter { $0.process == exec }
    if let topic = Self.stranger(
      among: others, in: ["/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"])
    {
      return "the exec's \(topic) is out of order or there twice: \(others.map(\.topic))"
    }
    let statuses = own.filter { $0.topic == "/tasks/exit" }.map(\.status)
    return Set(statuses).count > 1 ? "two statuses of one exit: \(statuses)" : nil
  }

  /// The first topic that has no place in an order, from which some may be missing.
  private static func stranger(among events: [EventStream.Event], in order: [String]) -> String? {
    var rest = order[...]
    for event in events {
      guard let index = rest.firstIndex(of: event.topic) else { return event.topic }
      rest = rest[(index + 1)...]
    }
    return nil
  }
}
