// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Checkpoints with a runtime that fails (Tests/Support/fake-runtime.sh), and images that lie.
  @Suite struct CheckpointFaultTests {
    private static func checkpoint(
      _ folder: String, _ options: RuncCheckpointOptions? = nil
    ) throws -> CheckpointTaskRequest {
      try .with {
        $0.id = "a"
        $0.path = folder
        if let options { $0.options = try .init(message: options) }
      }
    }

    private static func restore(_ host: ShimHost, _ image: String) -> CreateTaskRequest {
      var request = RuntimeFaultTests.create(host, "a")
      request.checkpoint = image
      return request
    }

    /// A folder for an image.
    private static func folder(_ host: ShimHost) throws -> String {
      let folder = "\(host.folder.path)/image"
      try Files.makeFolder(folder)
      return folder
    }

    @Test func everyOptionIsPassedOn() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let folder = try Self.folder(host)
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.start("a")
        let options = RuncCheckpointOptions.with {
          $0.openTcp = true
          $0.externalUnixSockets = true
          $0.terminal = true
          $0.fileLocks = true
          $0.emptyNamespaces = ["network"]
          $0.parentPath = "../before"
          $0.workPath = "\(folder)/work"
        }
        let _: Google_Protobuf_Empty = try client.call(
          "Checkpoint", Self.checkpoint(folder, options))
        let told = try #require(Files.read("\(folder)/arguments"))
        #expect(
          told.contains(
            """
            checkpoint --image-path \(folder) --work-path \(folder)/work --parent-path ../before \
            --tcp-established --ext-unix-sk --shell-job --file-locks --empty-ns network \
            --leave-running a
            """))
        #expect(Files.names(in: "\(folder)/work") == ["stats-dump"], "the caller's stays")

        let exits = RuncCheckpointOptions.with { $0.exit = true }
        let _: Google_Protobuf_Empty = try client.call("Checkpoint", Self.checkpoint(folder, exits))
        #expect(Files.read("\(folder)/arguments")?.contains("--leave-running") == false)
        #expect(Files.names(in: host.bundle("a")).filter { $0.hasPrefix("criu") } == [])
      }
    }

    /// CRIU's log stays in the bundle, and the error says where.
    @Test func itsLogIsNamed() throws {
      try RuntimeFaultTests.run(["FAKE_CHECKPOINT": "criu"]) { host, client in
        let folder = try Self.folder(host)
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.start("a")
        let log = "\(host.bundle("a"))/criu-dump.log"
        for _ in 1...2 {
          let refusal = try client.refusal("Checkpoint", Self.checkpoint(folder))
          #expect(refusal.code == RPCError.unknown)
          #expect(
            refusal.message.hasSuffix(
              "did not terminate successfully: exit status 1: criu failed: type DUMP path= \(log)"))
          #expect(Files.read(log) == "Error: as CRIU tells it\n")
        }
        #expect(
          Files.names(in: host.bundle("a")).filter { $0.hasPrefix("criu") } == ["criu-dump.log"])
        #expect(try client.state("a").status == .running)
      }
    }

    @Test func oneThatHangsHoldsUpNobody() throws {
      try RuntimeFaultTests.run(["FAKE_CHECKPOINT": "hang"]) { host, client in
        let created: CreateTaskResponse = try client.call(
          "Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.start("a")
        _ = try client.begin("Checkpoint", Self.checkpoint(Self.folder(host)))
        #expect(try client.state("a").pid == created.pid)
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
      }
    }

    @Test func aRestoredLife() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let folder = try Self.folder(host)
        let fifo = "\(host.folder.path)/out"
        try Files.makeFifo(fifo)
        var request = Self.restore(host, folder)
        request.stdout = fifo
        let created: CreateTaskResponse = try client.call("Create", request)
        #expect(created.pid == 0)
        #expect(try client.state("a").status == .created)
        #expect(try client.connect("a").taskPid == 0)
        #expect(try client.pids("a") == [0])
        let refusals = [
          (
            try client.refusal("Exec", RuntimeFaultTests.exec("e")),
            "cannot exec in a created state"
          ),
          (
            try client.refusal("Checkpoint", Self.checkpoint(folder)),
            "cannot checkpoint a task in created state"
          ),
          (
            try client.refusal("Kill", KillRequest.with { $0.id = "a" }),
            "no such container: not found"
          ),
        ]
        for (refusal, words) in refusals { #expect(refusal.message == words) }

        let start = try client.begin("Start", StartRequest.with { $0.id = "a" })
        let reader = try Subprocess(["head", "-n", "1", fifo])
        let started = try client.finish(start, as: StartResponse.self)
        #expect(try reader.wait().output == "restored\n")
        #expect(
          Files.read("\(host.bundle("a"))/arguments")?.contains(
            """
            restore --image-path \(folder) --work-path \(host.bundle("a"))/work --detach \
            --bundle \(host.bundle("a")) --pid-file \(host.bundle("a"))/init.pid a
            """) == true)
        #expect(try client.connect("a").taskPid == started.pid)
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        #expect(try client.delete("a").pid == started.pid)
        try eventually("the events are delivered") { host.events.topics.count == 4 }
        #expect(
          host.events.topics == [
            "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete",
          ])
      }
    }

    @Test(arguments: [
      ("fail", "OCI runtime restore failed: as it was told to"), ("bad-pid", "init.pid: no pid"),
    ])
    func aRestoreThatFails(fault: String, words: String) throws {
      try RuntimeFaultTests.run(["FAKE_RESTORE": fault]) { host, client in
        let _: CreateTaskResponse = try client.call(
          "Create", Self.restore(host, Self.folder(host)))
        let wait = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
        let start = StartRequest.with { $0.id = "a" }
        #expect(try client.refusal("Start", start).message == words)
        #expect(try client.refusal("Start", start).message == "cannot start a stopped process")
        #expect(try client.state("a").status == .created)
        #expect(try client.delete("a").pid == 0)
        #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 0)
        try eventually("the events are delivered") { host.events.topics.count == 2 }
        #expect(host.events.topics == ["/tasks/create", "/tasks/delete"])
      }
    }

    /// Never started: Delete has the runtime remove what may be there, and answers who waits.
    @Test func aRestoreThatIsNotWanted() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let _: CreateTaskResponse = try client.call(
          "Create", Self.restore(host, Self.folder(host)))
        let response = try client.delete("a")
        #expect(response.exitStatus == 0)
        #expect(response.exitedAt == .never)
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
      }
    }

    /// CRIU would follow a link out of the image, and hang at a FIFO.
    @Test(arguments: ["link", "fifo", "folder", "missing"])
    func anImageThatIsNone(kind: String) throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let folder = try Self.folder(host)
        let file = "\(folder)/pages-1.img"
        switch kind {
        case "link": symlink("/etc/shadow", file)
        case "fifo": try Files.makeFifo(file)
        case "folder": try Files.makeFolder(file)
        default: rmdir(folder)
        }
        let _: CreateTaskResponse = try client.call("Create", Self.restore(host, folder))
        let refusal = try client.refusal("Start", StartRequest.with { $0.id = "a" })
        let words =
          kind == "missing" ? "No such file or directory" : "pages-1.img is no regular file"
        #expect(refusal.message == "checkpoint \(folder): \(words)")
        _ = try client.delete("a")
      }
    }

    @Test func requestsThatAreWrong() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let refused = try client.refusal("Create", Self.restore(host, "image"))
        #expect(refused.code == RPCError.invalidArgument)
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.start("a")
        var strange = try Self.checkpoint("/tmp")
        strange.options = try .init(message: RuncOptions())
        for request in [strange, try Self.checkpoint("image"), try Self.checkpoint("/a\0b")] {
          #expect(try client.refusal("Checkpoint", request).code == RPCError.invalidArgument)
        }
      }
    }
  }
}
