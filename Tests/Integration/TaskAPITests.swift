// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// The Task API over the wire.
  @Suite struct TaskAPITests {
    @Test(arguments: [2, 3]) func bothVersionsAreServed(version: Int) throws {
      try ShimHost.run { host in
        _ = try host.launch("a")
        let address = try #require(Files.read("\(host.bundle("a"))/address"))
        let client = try ShimClient(address, version: version)
        let pid = try host.create(client, "a")
        let state = try client.state("a")
        #expect(state.id == "a")
        #expect(state.bundle == host.bundle("a"))
        #expect(state.pid == UInt32(pid))
        #expect(state.status == .created)
        #expect(state.exitedAt.seconds == -62_135_596_800)
        #expect(try client.connect("a").taskPid == UInt32(pid))
      }
    }

    @Test func unknownTasks() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let nobody = StateRequest.with { $0.id = "nobody" }
        for method in ["State", "Start", "Delete", "Kill", "Wait", "Pids", "CloseIO", "ResizePty"] {
          let refusal = try client.refusal(method, nobody)
          #expect(refusal == RPCError(code: 5, message: "container not created: not found"))
        }
        #expect(try client.connect("nobody").taskPid == 0)
        try host.create(client, "a")
        for method in ["State", "Start", "Delete", "Wait"] {
          let refusal = try client.refusal(
            method,
            StateRequest.with {
              $0.id = "a"
              $0.execID = "x"
            })
          #expect(refusal == RPCError(code: 5, message: "process does not exist x: not found"))
        }
      }
    }

    @Test func createIsRefused() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let again = try client.refusal("Create", host.createRequest("a"))
        #expect(again.code == RPCError.alreadyExists)
        #expect(again.message.contains("already exists"))
        for id in ["../x", "", String(repeating: "a", count: 77)] {
          let refusal = try client.refusal("Create", host.createRequest(id))
          #expect(refusal.code == RPCError.invalidArgument)
        }
        let missing = try client.refusal("Create", host.createRequest("missing"))
        #expect(missing.code == RPCError.notFound)
        #expect(try client.state("a").status == .created)
        #expect(host.events.topics.filter { $0 == "/tasks/create" }.count <= 1)
      }
    }

    @Test func aCreatedTaskRunsNothingAndCanBeDeleted() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let output = "\(host.folder.path)/out"
        try Files.makeFifo(output)
        let reader = try Collector(fifo: output)
        let pid = try host.create(client, "a", stdout: output)
        #expect(Processes.children(of: pid) == [])
        #expect(Processes.commandLine(of: pid).dropFirst().first == "held")
        let deletion = try client.delete("a")
        #expect(deletion.pid == UInt32(pid))
        #expect(deletion.exitStatus == 137)
        #expect(Processes.isGone(pid))
        try reader.waitForEnd()
        #expect(reader.bytes == [])
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        // The id is free again.
        try host.create(client, "a")
      }
    }

    /// What containerd does when its client gives up waiting for a Create: Delete, then Shutdown.
    @Test func aCreateThatNobodyWaitsForIsEndedByDelete() throws {
      try ShimHost.run { host in
        let output = "\(host.folder.path)/out"
        try Files.makeFifo(output)
        let client = try host.launch("a")
        let shim = try client.shimPID
        let create = try client.begin("Create", host.createRequest("a", stdout: output))
        #expect(
          try client.refusal("Delete", DeleteRequest.with { $0.id = "a" }).code == 5)
        #expect(throws: RPCError.self) { _ = try client.finish(create) }
        try client.shutdown("a")
        try eventually("the shim has ended") { Processes.isGone(shim) }
        #expect(host.events.topics.isEmpty, "a failed Create has no event")
      }
    }

    @Test func aCommandThatCannotBeExecuted() throws {
      try ShimHost.run { host in
        let client = try host.launch("a", environment: ["PATH": "/nonexistent"])
        try host.create(client, "a")
        let wait = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
        let refusal = try client.refusal("Start", StartRequest.with { $0.id = "a" })
        #expect(refusal.code == RPCError.unknown)
        #expect(refusal.message.hasPrefix("exec sh: "))
        #expect(refusal.message.contains("No such file or directory"))
        #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 127)
        #expect(try client.delete("a").exitStatus == 127)
        try eventually("the events are delivered") { host.events.topics.last == "/tasks/delete" }
        #expect(host.events.topics == ["/tasks/create", "/tasks/exit", "/tasks/delete"])
      }
    }

    @Test func everyWaitIsAnswered() throws {
      try ShimHost.run { host in
        let first = try host.launch("a")
        try host.create(first, "a")
        let address = try #require(Files.read("\(host.bundle("a"))/address"))
        let request = WaitRequest.with { $0.id = "a" }
        let clients = try [first] + (1...4).map { _ in try ShimClient(address) }
        let waits = try clients.map { client in
          (client, try (1...3).map { _ in try client.begin("Wait", request) })
        }
        let pid = try first.start("a")
        #expect(try first.refusal("Start", StartRequest.with { $0.id = "a" }).code == 2)
        #expect(try first.refusal("Delete", DeleteRequest.with { $0.id = "a" }).code == 2)
        let bad = try first.refusal(
          "Kill",
          KillRequest.with {
            $0.id = "a"
            $0.signal = 99
          })
        #expect(bad.code == RPCError.unknown)
        #expect(bad.message.hasPrefix("unknown error after kill: "))
        try first.kill("a", 0)
        try first.kill("a", 15)
        for (client, streams) in waits {
          for stream in streams {
            #expect(try client.finish(stream, as: WaitResponse.self).exitStatus == 143)
          }
        }
        #expect(try first.wait("a").exitStatus == 143)
        let state = try first.state("a")
        #expect(state.status == .stopped)
        #expect(state.exitStatus == 143)
        #expect(abs(state.exitedAt.date.timeIntervalSinceNow) < 3600)
        #expect(try first.pids("a") == [pid])
        let late = try first.refusal(
          "Kill",
          KillRequest.with {
            $0.id = "a"
            $0.signal = 9
          })
        #expect(late == RPCError(code: 5, message: "process already finished: not found"))
        #expect(try first.refusal("Start", StartRequest.with { $0.id = "a" }).code == 2)
      }
    }

    @Test func orphansEndWithTheirCommand() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        let sleep = try Processes.sleep(of: command)
        #expect(try client.pids("a").sorted() == [command, sleep].sorted())
        // Stopped, it does not end by itself.
        kill(sleep, SIGSTOP)
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        try eventually("the orphan is gone") { Processes.isGone(sleep) }
        #expect(Processes.children(of: try client.shimPID) == [])
      }
    }
  }
}
