// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// What ends, thaws and deletes containers works when descriptors, processes and room have run out, for
  /// that is how they come back. What cannot be done is refused, and works later.
  @Suite struct ScarcityTests {
    /// A real container by runc.
    private static func run(
      prepare: (ShimHost) throws -> Void = { _ in },
      _ body: (ShimHost, ShimClient) throws -> Void
    ) throws {
      try ShimHost.run(ShimBinary.oci) { host in
        try prepare(host)
        let busybox = try Busybox(in: host.folder.path)
        let client = try host.launch("a")
        try host.write(
          busybox.spec("sleep", "100000", of: "scarce-\(getpid())"), to: "config.json", of: "a")
        let create = CreateTaskRequest.with {
          $0.id = "a"
          $0.bundle = host.bundle("a")
          $0.rootfs = [busybox.mount]
          $0.options = .init(packing: RuncOptions.with { $0.root = "\(host.folder.path)/r" })
        }
        let _: CreateTaskResponse = try client.call("Create", create)
        _ = try client.start("a")
        try body(host, client)
      }
    }

    private static func pause(_ client: ShimClient) throws {
      let _: Google_Protobuf_Empty = try client.call("Pause", PauseRequest.with { $0.id = "a" })
    }

    private static func resume(_ client: ShimClient) throws {
      let _: Google_Protobuf_Empty = try client.call("Resume", ResumeRequest.with { $0.id = "a" })
    }

    private static func end(_ client: ShimClient) throws {
      try client.kill("a", 9)
      #expect(try client.wait("a").exitStatus == 137)
      #expect(try client.delete("a").exitStatus == 137)
    }

    @Test func noDescriptors() throws {
      try Self.run { host, client in
        let shim = try client.shimPID
        try eventually("the events are delivered") { host.events.topics.count >= 2 }
        let limit = (Processes.descriptors(of: shim).keys.max() ?? 0) + 1
        try Support.run("prlimit", "--pid", "\(shim)", "--nofile=\(limit)").expectSuccess()
        let refusal = try client.refusal("Exec", ScarcityTests.exec)
        #expect(refusal.message.contains("Too many open files"))
        try Self.end(client)
      }
    }

    /// Input and output: five descriptors, of which one gap in the table is no help.
    private static let exec = ExecProcessRequest.with {
      $0.id = "a"
      $0.execID = "e"
      $0.stdin = "/dev/null"
      $0.stdout = "/dev/null"
      $0.stderr = "/dev/null"
      $0.spec.value = Data(#"{"args":["true"],"cwd":"/"}"#.utf8)
    }

    /// As when the group that the shim is in may have no more: nothing can be forked.
    @Test func noProcesses() throws {
      try Self.run { host, client in
        let group = try TemporaryGroup("shim")
        let shim = try client.shimPID
        try group.add(shim)
        try group.limitProcesses(to: 1)
        defer { try? group.limitProcesses(to: nil) }
        let refusal = try client.refusal("Pause", PauseRequest.with { $0.id = "a" })
        #expect(refusal.message.contains("Resource temporarily unavailable"))
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        // It waits until there is room.
        let delete = try client.begin("Delete", DeleteRequest.with { $0.id = "a" })
        #expect(try client.state("a").status == .stopped)
        try group.limitProcesses(to: nil)
        #expect(try client.finish(delete, as: DeleteResponse.self).exitStatus == 137)
        try client.shutdown("a")
        try eventually("the shim is gone") { Processes.isGone(shim) }
      }
    }

    /// A full /run: what is left to write is in memory.
    @Test(arguments: ["nr_inodes=64", "size=64k"]) func noRoom(options: String) throws {
      var bundles = ""
      defer { _ = try? Support.run("umount", "-l", bundles) }
      try Self.run(prepare: { host in
        bundles = URL(fileURLWithPath: host.bundle("a")).deletingLastPathComponent().path
        try Files.makeFolder(bundles)
        try Support.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", bundles).expectSuccess()
      }) { host, client in
        var count = 0
        let text = String(repeating: "x", count: 1024)
        while (try? text.write(toFile: "\(bundles)/\(count)", atomically: false, encoding: .utf8))
          != nil
        { count += 1 }
        try Self.pause(client)
        try Self.resume(client)
        try Self.end(client)
      }
    }
  }
}
