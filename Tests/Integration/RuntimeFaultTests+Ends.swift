// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

/// Init's end, while or after the runtime fails.
extension Integration.RuntimeFaultTests {
  /// TestIssue10589 of containerd: an exec whose start takes its time. Until init's exit is told the
  /// container counts as running.
  @Test func initsExitWaitsForExecsThatStart() throws {
    try Self.run(["FAKE_EXEC": "late"]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      let pid = try client.start("a")
      let (first, second) = (try Self.added("e", client), try Self.added("f", client))
      let start = try client.begin("Start", first)
      let wait = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
      try client.kill("a", 9)
      try eventually("init is gone") { Processes.isGone(pid) }
      #expect(try client.state("a").status == .running)
      let other = try client.begin("Start", second)
      _ = try Self.added("g", client)
      #expect(try client.state("a").status == .running)
      try "".write(toFile: "\(host.folder.path)/r/go", atomically: false, encoding: .utf8)
      for stream in [start, other] { _ = try client.finish(stream) }
      #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 137)
      #expect(try client.state("a").status == .stopped)
      let refusal = try client.refusal("Exec", Self.exec("h"))
      #expect(refusal.message == "cannot exec in a stopped state")
      _ = try client.delete("a")
      try eventually("the events are delivered") { host.events.topics.last == "/tasks/delete" }
      let topics = host.events.topics.map { $0.dropFirst("/tasks/".count) }
      #expect(topics.filter { $0 == "exec-started" }.count == 2)
      #expect(topics.suffix(2) == ["exit", "delete"])
      #expect(topics.filter { $0 == "exit" }.count == 3)
    }
  }

  private static func added(_ id: String, _ client: ShimClient) throws -> StartRequest {
    let _: Google_Protobuf_Empty = try client.call("Exec", exec(id))
    return .with {
      $0.id = "a"
      $0.execID = id
    }
  }

  /// But not for ever, if the runtime hangs.
  @Test func initsExitDoesNotWaitForAHungStart() throws {
    try Self.run(["FAKE_EXEC": "hang"]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      _ = try client.start("a")
      let process = try Self.added("e", client)
      let start = try client.begin("Start", process)
      try client.kill("a", 9)
      #expect(try client.wait("a").exitStatus == 137)
      let late = try client.refusal("Start", process)
      #expect(late.message == "cannot start a running process")
      let stuck = try eventually("the runtime is there") {
        host.processes.first { Processes.commandLine(of: $0) == ["sleep", "infinity"] }
      }
      kill(stuck, SIGKILL)
      #expect(throws: RPCError.self) { _ = try client.finish(start) }
      let _: DeleteResponse = try client.call("Delete", process)
      #expect(try client.delete("a").exitStatus == 137)
      try eventually("the events are delivered") { host.events.topics.count == 5 }
      let topics = ["create", "start", "exec-added", "exit", "delete"].map { "/tasks/\($0)" }
      #expect(host.events.topics == topics)
    }
  }

  /// The exec is made after init's exit: it is ended, and nobody hears of it.
  @Test func anExecThatIsMadeTooLate() throws {
    try Self.run(["FAKE_EXEC": "late"]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      _ = try client.start("a")
      let _: Google_Protobuf_Empty = try client.call("Exec", Self.exec("e"))
      let start = try client.begin(
        "Start",
        StartRequest.with {
          $0.id = "a"
          $0.execID = "e"
        })
      try client.kill("a", 9)
      _ = try client.wait("a")
      try "".write(toFile: "\(host.folder.path)/r/go", atomically: false, encoding: .utf8)
      let error = #expect(throws: RPCError.self) { _ = try client.finish(start) }
      #expect(error?.message == "container a init process is not running: failed precondition")
      _ = try client.delete("a")
      try eventually("the events are delivered") { host.events.topics.count == 5 }
      #expect(!host.events.topics.contains("/tasks/exec-started"))
    }
  }

  /// The shim is gone, and so is the runtime's mind: what it does not end goes by its pid.
  @Test func deleteEndsWhatTheRuntimeDoesNot() throws {
    try Self.run([:]) { host, client in
      let created: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      let pid = try client.start("a")
      #expect(pid == Int32(created.pid))
      let shim = try client.shimPID
      kill(shim, SIGKILL)
      try eventually("the shim is gone") { Processes.isGone(shim) }
      try host.write("/nonexistent/runc", to: "runtime", of: "a")
      let ending = try host.delete("a")
      #expect(ending.errors.hasPrefix("/nonexistent/runc: No such file or directory"))
      let response = try DeleteResponse(serializedBytes: ending.outputBytes)
      #expect(response.exitStatus == 137)
      #expect(response.pid == created.pid)
      try eventually("init is gone") { Processes.isGone(pid) }
    }
  }

  /// As after each task, with containerd 1.6: the runtime has deleted it, and is not asked again.
  @Test func deleteAsksNoRuntimeThatHasForgotten() throws {
    try Self.run([:]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      _ = try client.start("a")
      try client.kill("a", 9)
      _ = try client.wait("a")
      _ = try client.delete("a")
      try host.write("/nonexistent/runc", to: "runtime", of: "a")
      let ending = try host.delete("a")
      #expect(ending.errors == "")
      #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 137)
      try client.shutdown("a")
    }
  }

  /// It ended while no shim looked: its status is lost, and nothing is made up.
  @Test func deleteKnowsWhatHadEnded() throws {
    try Self.run([:]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      let pid = try client.start("a")
      let shim = try client.shimPID
      kill(shim, SIGSTOP)
      kill(pid, SIGKILL)
      kill(shim, SIGKILL)
      try eventually("both are gone") { Processes.isGone(shim) && Processes.isGone(pid) }
      let ending = try host.delete("a")
      #expect(ending.errors == "a: its exit status is unknown\n")
      let response = try DeleteResponse(serializedBytes: ending.outputBytes)
      #expect(response.exitStatus == 255)
    }
  }

  /// As when the runtime has no rights to make one: nothing is counted, and containerd's own shim says so.
  @Test func statsWithoutAGroup() throws {
    try Self.run([:]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      let response: StatsResponse = try client.call("Stats", StatsRequest.with { $0.id = "a" })
      #expect(response.stats.typeURL.hasPrefix("io.containerd.cgroups.v"))
    }
  }
}
