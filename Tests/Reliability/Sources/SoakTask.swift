// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// A container of real runc, and what must be true of it now.
final class SoakTask {
  let id: String
  let containerd: Containerd
  private(set) var client: ShimClient
  let pid: Int32
  let shim: Int32
  let hasLogger: Bool
  var isPaused = false
  /// The topics that must have come, in order.
  private var expected = ["/tasks/create", "/tasks/start"]
  /// Those of earlier connections to containerd.
  private var past: [EventStream.Event] = []
  private let cost: Footprint
  private var execs = 0

  /// Takes over a container that has just been started.
  init(_ id: String, _ containerd: Containerd, _ events: EventStream, hasLogger: Bool) throws {
    self.id = id
    self.containerd = containerd
    self.hasLogger = hasLogger
    client = try containerd.client(id)
    guard let task = try containerd.task(id) else { throw Violation("\(id) is not listed") }
    pid = task.pid
    shim = try client.shimPID
    try events.wait(for: "/tasks/start", of: id)
    cost = try Footprint.whenAsleep(shim)
  }

  func reconnect() throws { client = try containerd.client(id) }

  // -- Events --------------------------------------------------------------------------------------

  func expect(_ topics: String..., in events: EventStream, plant: Plants = .none) throws {
    expected += topics
    var told: [EventStream.Event] = []
    try eventually("\(expected.count) events of \(id)", told: { "\(told.map(\.topic))" }) {
      told = past + plant.distort(events.events(of: id))
      return told.count >= expected.count
    }
    guard told.map(\.topic) == expected else {
      throw Violation("events of \(id): \(told.map(\.topic)), not \(expected)")
    }
  }

  /// Before containerd goes: a new stream begins empty.
  func keepEvents(of events: EventStream) { past += events.events(of: id) }

  /// The status that the last event told.
  func lastStatus(in events: EventStream) -> Int { events.events(of: id).last?.status ?? -1 }

  // -- Execs ---------------------------------------------------------------------------------------

  /// - Returns: the exec, which runs.
  func begin(_ script: String, stdout: String = "") throws -> StartRequest {
    execs += 1
    let process = StartRequest.with {
      $0.id = id
      $0.execID = "e\(execs)"
    }
    let request = ExecProcessRequest.with {
      $0.id = id
      $0.execID = process.execID
      $0.stdout = stdout
      let spec = #"{"cwd":"/","env":["PATH=/bin"],"args":["sh","-c","\#(script)"]}"#
      $0.spec.value = Data(spec.utf8)
    }
    let _: Google_Protobuf_Empty = try client.call("Exec", request)
    let _: StartResponse = try client.call("Start", process)
    return process
  }

  func end(_ process: StartRequest, status: Int) throws {
    let waited: WaitResponse = try client.call("Wait", process)
    let deleted: DeleteResponse = try client.call("Delete", process)
    guard waited.exitStatus == UInt32(status), deleted.exitStatus == UInt32(status) else {
      throw Violation(
        "an exec of \(id): \(waited.exitStatus), then \(deleted.exitStatus), not \(status)")
    }
  }

  // -- What is always true -------------------------------------------------------------------------

  func check(_ listed: (pid: Int32, state: String)?, plant: Plants) throws {
    let right = isPaused ? "PAUSED" : "RUNNING"
    guard let listed = plant.distort(listed), listed.state == right, listed.pid == pid else {
      throw Violation("\(id) is \(right), and listed as \(String(describing: listed))")
    }
    guard !Processes.isGone(pid) else { throw Violation("\(id) is listed, and its process gone") }
    var strangers: [Int32] = []
    try eventually("\(id) has no orphans", told: { Processes.describe(strangers) }) {
      strangers = plant.distort(Processes.children(of: shim).filter { $0 != pid })
      return strangers.count <= (hasLogger ? 1 : 0)
    }
    let now = plant.distort(try Footprint.wait(for: cost, of: shim))
    guard now.threads == 1 else { throw Violation("the shim of \(id): \(now)") }
    // Its first execs leave gaps in the heap.
    guard now.memory <= cost.memory + 160 else {
      throw Violation("the shim of \(id) has grown: \(cost), then \(now)")
    }
  }
}
