// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

extension StateTable.Row {
  /// systemd removes the group of what has stopped, and with it what Stats tells; when, is its own affair.
  fileprivate var dependsOnChance: Bool {
    OCIVariant.usesSystemd && states[0] == "stopped" && call == "Stats"
  }
}

extension StateTableHost {
  /// Plays the rows of one state. A container that has been changed is replaced.
  func play(_ rows: [StateTable.Row]) throws {
    var used: Subject?
    for row in rows where !row.dependsOnChance {
      var subject = try used ?? make(row.states[0], exec: row.states.dropFirst().first)
      used = nil
      try play(row, &subject)
      let leavesSignal =
        row.answer == "ok" && (row.call.contains("TERM") || row.call.contains("KILL"))
      if row.then == nil, !leavesSignal {
        used = subject
      } else {
        try dispose(of: subject)
      }
    }
    if let used { try dispose(of: used) }
  }

  private func play(_ row: StateTable.Row, _ subject: inout Subject) throws {
    let stream = try begin(row.call, subject)
    if row.answer == "waits" {
      // Answers come in the order of completion: one to a later question shows that it waits.
      _ = try client.connect("")
      #expect(!client.unclaimed.contains(stream), "\(row)")
      subject.waits.append(stream)
    } else if let payload = try expect(row.answer, stream, "\(row)") {
      try check(payload, row)
    }
    if row.then == "thawed" {
      try call("Resume", Subject(id: subject.id, exec: ""))
      try expect("stopped", of: subject, after: row)
    } else {
      try expect(row.then ?? row.state, of: subject, after: row)
    }
  }

  /// - Parameter answer: `ok` or `Code: words`.
  /// - Returns: the payload of a reply.
  @discardableResult
  func expect(_ answer: String, _ stream: UInt32, _ what: String) throws -> [UInt8]? {
    do {
      let payload = try client.finish(stream)
      #expect(answer == "ok", "\(what)")
      return payload
    } catch let refusal as RPCError {
      let parts = answer.split(separator: ": ", maxSplits: 1).map(String.init)
      #expect(Self.codes[parts[0]] == refusal.code, "\(what): \(refusal)")
      #expect(refusal.message.contains(parts.last ?? ""), "\(what): \(refusal)")
      return nil
    }
  }

  private static let codes = [
    "Unknown": RPCError.unknown, "InvalidArgument": RPCError.invalidArgument,
    "NotFound": RPCError.notFound, "AlreadyExists": RPCError.alreadyExists,
    "FailedPrecondition": RPCError.failedPrecondition, "Unimplemented": RPCError.unimplemented,
  ]

  private static let statuses: [String: TaskStatus] = [
    "created": .created, "added": .created, "failed": .created, "running": .running,
    "paused": .paused, "stopped": .stopped,
  ]

  /// At once, but for what a signal brings about.
  private func expect(_ state: String, of subject: Subject, after row: StateTable.Row) throws {
    if row.call.hasPrefix("Kill"), row.then != nil {
      try eventually("\(row), then \(state)") { try status(of: subject) == Self.statuses[state] }
    } else {
      #expect(try status(of: subject) == Self.statuses[state], "\(row), then \(state)")
    }
  }

  /// What a reply says of the state.
  private func check(_ payload: [UInt8], _ row: StateTable.Row) throws {
    let hasExited = row.state == "stopped"
    let hasPID = !["none", "added", "failed"].contains(row.state) && row.states != ["deleted"]
    switch row.call {
    case "State":
      let state = try StateResponse(serializedBytes: payload)
      #expect(state.status == Self.statuses[row.state], "\(row)")
      #expect(hasExited == (state.exitedAt != .never), "\(row): \(state.exitedAt)")
      #expect(hasPID == (state.pid != 0), "\(row): \(state.pid)")
      #expect(hasExited || state.exitStatus == 0, "\(row): \(state.exitStatus)")
    case "Wait":
      let exit = try WaitResponse(serializedBytes: payload)
      #expect(hasExited == (exit.exitedAt != .never), "\(row): \(exit)")
    case "Delete":
      let exit = try DeleteResponse(serializedBytes: payload)
      let neverRan = row.state == "added" || row.state == "failed"
      #expect(neverRan == (exit.exitedAt == .never), "\(row): \(exit)")
      #expect(neverRan ? exit.exitStatus == 0 : exit.pid != 0, "\(row): \(exit)")
    case "Create": #expect(try CreateTaskResponse(serializedBytes: payload).pid != 0, "\(row)")
    case "Start": #expect(try StartResponse(serializedBytes: payload).pid != 0, "\(row)")
    case "Pids":
      #expect(try !PidsResponse(serializedBytes: payload).processes.isEmpty, "\(row)")
    case "Connect":
      let reply = try ConnectResponse(serializedBytes: payload)
      #expect(hasPID == (reply.taskPid != 0) && reply.shimPid != 0, "\(row): \(reply)")
    case "Stats":
      #expect(try !StatsResponse(serializedBytes: payload).stats.value.isEmpty, "\(row)")
    default: #expect(payload.isEmpty, "\(row)")
    }
  }
}
