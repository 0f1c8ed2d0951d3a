// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Checkpoints of real containers, where CRIU works.
  @Suite(.enabled(if: Criu.refusal == nil, "no CRIU here: \(Criu.refusal ?? "")"))
  struct CheckpointTests {
    static let id = "checkpoint-\(getpid())"
    static let image = "containerd.io/checkpoint/\(id):test"

    /// A counter goes on where it was, under another name.
    @Test func aCounterGoesOn() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try runCounter(containerd)
        let before = try numbers(containerd, Self.id) { $0.count > 3 }
        try containerd.ctr("container", "checkpoint", "--rw", "--task", Self.id, Self.image)
          .expectSuccess()
        #expect(try containerd.task(Self.id)?.state == "RUNNING")
        let later = try numbers(containerd, Self.id) { $0.count > 1 }
        #expect(later.first ?? 0 > before.last ?? 0)
        // The copy has its cgroup, which from runc 1.2 on has to be empty.
        try containerd.endTask(Self.id)
        try containerd.ctr("container", "rm", Self.id).expectSuccess()

        let copy = "\(Self.id)-copy"
        try containerd.remember(copy)
        try containerd.ctr("container", "restore", "--rw", "--live", copy, Self.image)
          .expectSuccess()
        let restored = try numbers(containerd, copy) { $0.count > 3 }
        let first = try #require(restored.first)
        #expect(first > before.last ?? 0)
        #expect(restored == Array(first..<first + restored.count))
        let exec = try containerd.ctr("task", "exec", "--exec-id", "e", copy, "cat", "/kept")
        #expect(exec.output == "kept\n")

        try containerd.endTask(copy)
        try containerd.ctr("container", "rm", copy).expectSuccess()
        #expect(
          events.topics(of: copy).filter { !$0.contains("exec") } == [
            "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/exit", "/tasks/delete",
          ])
      }
    }

    /// The container ends by it, its id is used again, and Stats, Pids and Kill know the new process.
    @Test func endedByItsCheckpoint() throws {
      try StateTableHost.run(ShimBinary.oci) { host in
        let subject = try host.make("running")
        let image = "\(host.folder)/image"
        try Files.makeFolder(image)
        var request = CheckpointTaskRequest.with {
          $0.id = subject.id
          $0.path = image
        }
        request.options = .init(packing: RuncCheckpointOptions.with { $0.exit = true })
        let _: Google_Protobuf_Empty = try host.client.call("Checkpoint", request)
        #expect(try host.client.wait(subject.id).exitStatus == 137)
        _ = try host.client.delete(subject.id)

        var create = host.createRequest(subject.id)
        create.checkpoint = image
        let created: CreateTaskResponse = try host.client.call("Create", create)
        #expect(created.pid == 0)
        #expect(try host.client.state(subject.id).status == .created)
        let pid = try host.client.start(subject.id)
        #expect(try host.client.pids(subject.id).contains(pid))
        let stats: StatsResponse = try host.client.call(
          "Stats", StatsRequest.with { $0.id = subject.id })
        #expect(!stats.stats.value.isEmpty)
        // It has a handler, as before.
        try host.client.kill(subject.id, UInt32(SIGTERM))
        #expect(try host.client.wait(subject.id).exitStatus == 7)
        #expect(try Int32(host.client.delete(subject.id).pid) == pid)
      }
    }

    private func runCounter(_ containerd: Containerd) throws {
      try containerd.remember(Self.id)
      let count = "echo kept >/kept; i=0; while :; do echo $((i+=1)); sleep 0.05; done"
      try containerd.spawnCtr(
        ["run", "--detach", "--runtime", Containerd.oci, Containerd.image, Self.id, "sh", "-c"]
          + [count]
      ).wait().expectSuccess()
    }

    /// Whole lines of what a task prints from now on, or printed unread before.
    private func numbers(
      _ containerd: Containerd, _ id: String, until isEnough: @escaping ([Int]) -> Bool
    ) throws -> [Int] {
      let attached = try containerd.spawnCtr(["task", "attach", id])
      defer {
        kill(attached.pid, SIGKILL)
        _ = try? attached.wait()
      }
      func seen(_ text: String) -> [Int] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap {
          Int($0)
        }
      }
      try attached.output.wait(for: "numbers") { isEnough(seen($0.text)) }
      return seen(attached.output.text)
    }
  }
}
