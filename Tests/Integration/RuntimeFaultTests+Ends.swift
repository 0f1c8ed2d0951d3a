// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

/// Init's end, while or after the runtime fails.
extension Integration.RuntimeFaultTests {
  /// TestIssue10589 of containerd: an exec whose start takes its time.
  @Test func initsExitWaitsForNoExecToStart() throws {
    try Self.run(["FAKE_EXEC": "hang"]) { host, client in
      let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
      _ = try client.start("a")
      let _: Google_Protobuf_Empty = try client.call("Exec", Self.exec("e"))
      let process = StartRequest.with {
        $0.id = "a"
        $0.execID = "e"
      }
      let start = try client.begin("Start", process)
      try client.kill("a", 9)
      #expect(try client.wait("a").exitStatus == 137)
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
}
