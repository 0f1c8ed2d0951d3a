// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// An OCI runtime that hangs, fails and lies (Tests/Support/fake-runtime.sh): who asks for something
  /// else is answered, and every call ends.
  @Suite struct RuntimeFaultTests {
    static func create(_ host: ShimHost, _ id: String) -> CreateTaskRequest {
      var request = host.createRequest(id)
      request.options = .init(
        packing: RuncOptions.with {
          $0.binaryName = "\(ShimBinary.root)/Tests/Support/fake-runtime.sh"
          $0.root = "\(host.folder.path)/r"
        })
      return request
    }

    static func run(
      _ faults: [String: String], _ body: (ShimHost, ShimClient) throws -> Void
    ) throws {
      try ShimHost.run(ShimBinary.oci) { host in
        try body(host, try host.launch("a", environment: faults))
      }
    }

    static func exec(_ id: String) -> ExecProcessRequest {
      .with {
        $0.id = "a"
        $0.execID = id
        $0.spec.value = Data(#"{"args":["true"]}"#.utf8)
      }
    }

    @Test(arguments: [
      ("fail", "OCI runtime create failed: as it was told to"),
      ("silent", "fake-runtime.sh did not terminate successfully: exit status 3"),
      ("signal", "fake-runtime.sh did not terminate successfully: exit status 137"),
      ("megabyte", "fake-runtime.sh did not terminate successfully: exit status 1"),
      ("bad-pid", "init.pid: no pid"),
      ("stranger", "init.pid: process 2 is no child of ours"),
    ])
    func aCreateThatFails(fault: String, words: String) throws {
      try Self.run(["FAKE_CREATE": fault]) { host, client in
        let refusal = try client.refusal("Create", Self.create(host, "a"))
        #expect(refusal.code == RPCError.unknown)
        #expect(refusal.message.contains(words))
        #expect(refusal.message.utf8.count < 1000)
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        #expect(Files.names(in: host.bundle("a")).filter { $0.hasPrefix("log.") } == [])
        try client.shutdown("a")
        #expect(host.events.topics == [])
      }
    }

    @Test func aCreateThatHangsHoldsUpNobody() throws {
      try Self.run(["FAKE_CREATE": "hang"]) { host, client in
        let shim = try client.shimPID
        let create = try client.begin("Create", Self.create(host, "a"))
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        #expect(try client.refusal("Create", Self.create(host, "a")).code == RPCError.alreadyExists)
        // As containerd does when its client gives up.
        #expect(try client.refusal("Delete", DeleteRequest.with { $0.id = "a" }).code == 5)
        #expect(throws: RPCError.self) { _ = try client.finish(create) }
        try client.shutdown("a")
        try eventually("the shim and the runtime are gone") {
          Processes.isGone(shim) && host.processes.isEmpty
        }
      }
    }

    @Test func aStartThatHangsHoldsUpNobody() throws {
      try Self.run(["FAKE_START": "hang"]) { host, client in
        let created: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        _ = try client.begin("Start", StartRequest.with { $0.id = "a" })
        #expect(try client.state("a").pid == created.pid)
        #expect(try client.pids("a") == [Int32(created.pid)])
        _ = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
        try client.kill("a", 9)
        try eventually("it is killed") { Processes.isGone(Int32(created.pid)) }
        #expect(try client.connect("a").taskPid == created.pid)
      }
    }

    @Test func aDeleteThatHangsHoldsUpNobody() throws {
      try Self.run(["FAKE_DELETE": "hang"]) { host, client in
        let created: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        #expect(try client.start("a") == Int32(created.pid))
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        _ = try client.begin("Delete", DeleteRequest.with { $0.id = "a" })
        #expect(try client.state("a").status == .stopped)
        #expect(try client.pids("a") == [Int32(created.pid)])
        try host.makeBundle("b")
        #expect(try client.refusal("Pause", PauseRequest.with { $0.id = "b" }).code == 5)
        let other: CreateTaskResponse = try client.call("Create", Self.create(host, "b"))
        #expect(try client.start("b") == Int32(other.pid))
        try client.kill("b", 9)
        #expect(try client.wait("b").exitStatus == 137)
      }
    }

    /// The runtime fails: the container stays, and Delete may come again.
    @Test func aDeleteThatFailsMayBeRepeated() throws {
      try Self.run(["FAKE_DELETE": "fail"]) { host, client in
        let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        _ = try client.start("a")
        try client.kill("a", 9)
        _ = try client.wait("a")
        for _ in 1...2 {
          let refusal = try client.refusal("Delete", DeleteRequest.with { $0.id = "a" })
          #expect(refusal.message == "OCI runtime delete failed: as it was told to")
        }
        #expect(try client.state("a").status == .stopped)
      }
    }

    @Test func anExecThatHangsHoldsUpNobody() throws {
      try Self.run(["FAKE_EXEC": "hang"]) { host, client in
        let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        _ = try client.start("a")
        for id in ["e1", "e2"] {
          let _: Google_Protobuf_Empty = try client.call("Exec", Self.exec(id))
          _ = try client.begin(
            "Start",
            StartRequest.with {
              $0.id = "a"
              $0.execID = id
            })
        }
        #expect(try client.state("a").status == .running)
        #expect(try client.refusal("Exec", Self.exec("e1")).code == RPCError.alreadyExists)
        try client.kill("a", 0)
      }
    }

    /// Both, init and an exec, have ended before the runtime that made them has.
    @Test func processesThatDoNotOutliveTheRuntime() throws {
      try Self.run(["FAKE_CREATE": "outlive", "FAKE_EXEC": "outlive"]) { host, client in
        let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        #expect(try client.wait("a").exitStatus == 0)
        #expect(try client.state("a").status == .stopped)
        #expect(try client.delete("a").exitStatus == 0)
        try eventually("the events are delivered") { host.events.topics.count == 3 }
        #expect(host.events.topics == ["/tasks/create", "/tasks/exit", "/tasks/delete"])
      }
    }

    @Test(arguments: ["", "outlive"]) func shortExecs(fault: String) throws {
      try Self.run(["FAKE_EXEC": fault]) { host, client in
        let _: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        _ = try client.start("a")
        for number in 1...10 {
          let _: Google_Protobuf_Empty = try client.call("Exec", Self.exec("e\(number)"))
          let process = StartRequest.with {
            $0.id = "a"
            $0.execID = "e\(number)"
          }
          let started: StartResponse = try client.call("Start", process)
          let exit: WaitResponse = try client.call("Wait", process)
          #expect(exit.exitStatus == 7)
          let deleted: DeleteResponse = try client.call("Delete", process)
          #expect(deleted.exitStatus == 7)
          #expect(deleted.pid == started.pid)
          let again: DeleteResponse = try client.call("Delete", process)
          #expect(again == deleted, "whoever lost the answer asks again")
        }
        try eventually("the events are delivered") { host.events.topics.count == 2 + 30 }
        let topics = ["/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"]
        #expect(host.events.topics.dropFirst(2).enumerated().allSatisfy { $1 == topics[$0 % 3] })
      }
    }
  }
}
