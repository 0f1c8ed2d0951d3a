// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

/// A shim whose containers are put into the states of `StateTable`: real ones, from a root file system
/// that holds a busybox. Standard input is a FIFO, the other streams are empty.
final class StateTableHost {
  /// What a call is about: a container, or its exec `e`.
  struct Subject {
    let id: String
    /// Empty for init.
    let exec: String
    /// Unanswered.
    var waits: [UInt32] = []
  }

  private let host: ShimHost
  let client: ShimClient
  private let isSample: Bool
  private let busybox: Busybox
  private var count = 0

  /// Runs a test. A container of its own keeps the shim from ending at a Shutdown.
  static func run(_ program: String, _ body: (StateTableHost) throws -> Void) throws {
    try ShimHost.run(program) { host in
      let table = try StateTableHost(host, isSample: program == ShimBinary.sample)
      let keeper = try table.make("created")
      try body(table)
      // Nothing has been answered twice.
      _ = try table.client.connect("")
      #expect(table.client.unclaimed.isEmpty)
      try table.dispose(of: keeper)
    }
  }

  private init(_ host: ShimHost, isSample: Bool) throws {
    self.host = host
    self.isSample = isSample
    busybox = try Busybox(in: host.folder.path)
    client = try host.launch("shim")
    try Files.makeFifo(input)
  }

  var folder: String { host.folder.path }
  private var input: String { "\(folder)/in" }

  // MARK: States

  /// A container in a state, with an exec in one unless that is nil.
  func make(_ state: String, exec: String? = nil) throws -> Subject {
    count += 1
    let subject = Subject(id: "shim-table-\(getpid())-\(count)", exec: exec == nil ? "" : "e")
    try makeBundle(subject.id)
    if state == "none" { return subject }
    let _: CreateTaskResponse = try client.call("Create", createRequest(subject.id))
    if state != "created" {
      let pid = try client.start(subject.id)
      if !isSample { try Processes.waitForTrap(SIGTERM, of: pid) }
    }
    if let exec { try make(exec: exec, of: subject) }
    switch state {
    case "created", "running": break
    case "paused": try call("Pause", subject)
    default:
      try end(subject)
      if state == "deleted" { _ = try client.delete(subject.id) }
    }
    return subject
  }

  private func make(exec state: String, of subject: Subject) throws {
    if state == "none" { return }
    let command =
      switch state {
      case "failed": ["/nonexistent"]
      case "added", "running": ["sleep", "100000"]
      default: ["true"]
      }
    let _: Google_Protobuf_Empty = try client.call("Exec", execRequest(subject, "e", command))
    switch state {
    case "added": return
    case "failed":
      let refusal = try client.refusal("Start", process(subject))
      #expect(refusal.code == RPCError.unknown)
      #expect(refusal.message.contains("/nonexistent"))
    default:
      let _: StartResponse = try client.call("Start", process(subject))
      if state == "running" { return }
      let _: WaitResponse = try client.call("Wait", process(subject))
      if state == "deleted" { try call("Delete", subject) }
    }
  }

  private func end(_ subject: Subject) throws {
    try client.kill(subject.id, UInt32(SIGKILL))
    _ = try client.wait(subject.id)
  }

  /// Removes what is left; whoever still waits is answered then.
  func dispose(of subject: Subject) throws {
    let container = Subject(id: subject.id, exec: "")
    if let status = try status(of: container) {
      if status == .running || status == .paused { try end(container) }
      _ = try client.delete(subject.id)
    }
    for stream in subject.waits { _ = try client.finish(stream, as: WaitResponse.self) }
  }

  /// Nil for what is not there.
  func status(of subject: Subject) throws -> TaskStatus? {
    do {
      let state: StateResponse = try client.call("State", process(subject))
      return state.status
    } catch let error as RPCError where error.code == RPCError.notFound {
      return nil
    }
  }

  // MARK: Requests

  private func makeBundle(_ id: String) throws {
    try host.makeBundle(id)
    // Again and again: a sleep of later busyboxes ends when CRIU has restored it.
    let command = "trap 'exit 7' TERM; while :; do sleep 100000 & wait; done"
    let spec = busybox.spec("sh", "-c", command, of: id)
    try host.write(spec, to: "config.json", of: id)
  }

  func createRequest(_ id: String) -> CreateTaskRequest {
    var request = host.createRequest(id, stdin: input)
    request.options = .init(packing: OCIVariant.options(root: "\(folder)/runc"))
    return request
  }

  func execRequest(_ subject: Subject, _ exec: String, _ command: [String]) -> ExecProcessRequest {
    .with {
      $0.id = subject.id
      $0.execID = exec
      $0.stdin = input
      let args = command.map { "\"\($0)\"" }.joined(separator: ",")
      $0.spec.value = Data(#"{"args": [\#(args)], "env": ["PATH=/bin"], "cwd": "/"}"#.utf8)
    }
  }

  /// The request of each method that needs ids only: all have these in the same fields.
  private func process(_ subject: Subject) -> StateRequest {
    .with {
      $0.id = subject.id
      $0.execID = subject.exec
    }
  }

  /// - Parameter call: a method; Kill also has its signal, and `all`.
  func begin(_ call: String, _ subject: Subject) throws -> UInt32 {
    let words = call.split(separator: " ").map(String.init)
    switch words[0] {
    case "Create": return try client.begin("Create", createRequest(subject.id))
    case "Exec":
      let request = execRequest(subject, subject.exec.isEmpty ? "new" : subject.exec, ["true"])
      return try client.begin("Exec", request)
    case "Kill":
      let signals = ["TERM": SIGTERM, "KILL": SIGKILL]
      let request = KillRequest.with {
        $0.id = subject.id
        $0.execID = subject.exec
        $0.signal = UInt32(signals[words[1]] ?? Int32(words[1]) ?? 0)
        $0.all = words.last == "all"
      }
      return try client.begin("Kill", request)
    case "Update":
      let request = UpdateTaskRequest.with {
        $0.id = subject.id
        $0.resources.value = Data("{}".utf8)
      }
      return try client.begin("Update", request)
    case "Checkpoint":
      let request = CheckpointTaskRequest.with {
        $0.id = subject.id
        // Below a FIFO nobody makes a folder. With a better one not every machine could make a checkpoint.
        $0.path = "\(input)/image"
      }
      return try client.begin("Checkpoint", request)
    default: return try client.begin(words[0], process(subject))
    }
  }

  @discardableResult
  func call(_ call: String, _ subject: Subject) throws -> [UInt8] {
    try client.finish(begin(call, subject))
  }
}
