// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf

/// Many execs at once, and all that must be true of them: each has its own status, by Wait, by Delete
/// and by its event, and its three events once and in order.
struct ExecBatch {
  let fast: FastHost
  let plant: Plants

  /// - Returns: what was wrong; nil if nothing.
  func play(numbers: Range<Int>, _ choices: inout Choices) throws {
    let events = fast.host.events
    _ = events.takeAll()
    let calls = try numbers.map { number in
      let status = choices.number(0...250)
      let name = "e\(number)"
      let process = FastHost.process(name)
      let args = ["exit", "\(plant == .execStatus && status == 77 ? 78 : status)"]
      return (
        name: name, status: status, added: try fast.client.begin("Exec", FastHost.exec(name, args)),
        started: try fast.client.begin("Start", process),
        waited: try fast.client.begin("Wait", process)
      )
    }
    var pids: [String: UInt32] = [:]
    for call in calls {
      _ = try fast.client.finish(call.added)
      pids[call.name] = try fast.client.finish(call.started, as: StartResponse.self).pid
      let waited = try fast.client.finish(call.waited, as: WaitResponse.self)
      try expect(waited.exitStatus, call.status, "Wait of \(call.name)")
      let deleted: DeleteResponse = try fast.client.call("Delete", FastHost.process(call.name))
      try expect(deleted.exitStatus, call.status, "Delete of \(call.name)")
      try expect(deleted.pid, Int(pids[call.name] ?? 0), "the pid in Delete of \(call.name)")
    }
    var seen: [Envelope] = []
    try eventually("all events have come", told: { "\(seen.count) of \(calls.count * 3)" }) {
      seen += plant.distort(events.takeAll())
      return seen.count >= calls.count * 3
    }
    try judge(seen, calls.map { ($0.name, $0.status) }, pids)
  }

  private func judge(
    _ events: [Envelope], _ calls: [(name: String, status: Int)], _ pids: [String: UInt32]
  ) throws {
    var topics: [String: [String]] = [:]
    var exits: [String: TaskExit] = [:]
    for event in events {
      let value = [UInt8](event.event.value)
      switch event.topic {
      case "/tasks/exec-added":
        topics[try TaskExecAdded(serializedBytes: value).execID, default: []].append("added")
      case "/tasks/exec-started":
        topics[try TaskExecStarted(serializedBytes: value).execID, default: []].append("started")
      case "/tasks/exit":
        let exit = try TaskExit(serializedBytes: value)
        topics[exit.id, default: []].append("exit")
        exits[exit.id] = exit
      default: throw Violation("an event \(event.topic) among those of execs")
      }
    }
    for call in calls {
      let own = topics.removeValue(forKey: call.name) ?? []
      guard own == ["added", "started", "exit"] else {
        throw Violation("events of \(call.name): \(own)")
      }
      try expect(exits[call.name]?.exitStatus ?? 999, call.status, "the event of \(call.name)")
      try expect(exits[call.name]?.pid ?? 0, Int(pids[call.name] ?? 0), "its pid there")
    }
    guard topics.isEmpty else { throw Violation("events of strangers: \(topics)") }
  }

  private func expect(_ value: UInt32, _ right: Int, _ what: String) throws {
    guard Int(value) == right else { throw Violation("\(what): \(value), not \(right)") }
  }
}
