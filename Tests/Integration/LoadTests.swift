// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Many real processes and containers at once: each event once, each status its own, and nothing
  /// is left of them.
  @Suite struct LoadTests {
    /// What a shim and its bundle hold.
    private struct Holdings: Equatable {
      let children: [Int32]
      let files: [String]
      let mounts: Int

      init(of shim: Int32, bundle: String) {
        children = Processes.children(of: shim).sorted()
        files = Files.names(in: bundle)
        mounts =
          (Files.read("/proc/\(shim)/mountinfo") ?? "").split(separator: "\n").filter {
            $0.contains(" \(bundle)/")
          }.count
      }
    }

    private func exec(_ process: StartRequest, status: Int) -> ExecProcessRequest {
      .with {
        $0.id = process.id
        $0.execID = process.execID
        let spec = #"{"cwd":"/","env":["PATH=/bin"],"args":["sh","-c","exit \#(status)"]}"#
        $0.spec.value = Data(spec.utf8)
      }
    }

    /// Fifty at once, as their client asks: the shim's, since a `ctr` for each would be most of it.
    @Test func fiveHundredExecs() throws {
      try Containerd.run { containerd in
        let id = ContainerTests.id
        let events = try EventStream(containerd)
        try containerd.runSleeper(id)
        let client = try containerd.client(id)
        let shim = try client.shimPID
        let idle = try Footprint.whenAsleep(shim)
        // One alone: what stays for ever is not to lie between what fifty need for a moment.
        try containerd.ctr("task", "exec", "--exec-id", "first", id, "true").expectSuccess()
        var before: Holdings?
        var pids: [String: Int] = [:]

        for round in 0..<10 {
          let numbers = round * 50..<(round + 1) * 50
          let calls = try numbers.map { number in
            let process = StartRequest.with {
              $0.id = id
              $0.execID = "e\(number)"
            }
            return (
              process, try client.begin("Exec", exec(process, status: number % 251)),
              try client.begin("Start", process), try client.begin("Wait", process)
            )
          }
          for (number, (process, added, started, waited)) in zip(numbers, calls) {
            _ = try client.finish(added)
            let start = try client.finish(started, as: StartResponse.self)
            pids[process.execID] = Int(start.pid)
            let status = UInt32(number % 251)
            #expect(try client.finish(waited, as: WaitResponse.self).exitStatus == status)
            let deleted: DeleteResponse = try client.call("Delete", process)
            #expect(deleted.exitStatus == status)
            #expect(deleted.pid == start.pid)
          }
          let holdings = Holdings(of: shim, bundle: containerd.bundle(id))
          if let before {
            #expect(holdings == before)
          } else {
            before = holdings
            #expect(holdings.children.count == 1)
            #expect(holdings.files.filter { $0.hasPrefix("exec-") || $0.hasPrefix("log.") } == [])
          }
        }

        // What only execs need, and gaps in the heap (kB).
        try Footprint.wait(for: idle, growth: 64, of: shim)
        try containerd.endTask(id)
        try events.wait(for: "/tasks/delete", of: id)
        let byProcess = Dictionary(grouping: events.events(of: id), by: \.process)
        for number in 0..<500 {
          let told = byProcess["e\(number)"] ?? []
          #expect(told.map(\.topic) == ["/tasks/exec-added", "/tasks/exec-started", "/tasks/exit"])
          #expect(told.last?.status == number % 251)
          #expect(told.dropFirst().allSatisfy { $0.pid == pids["e\(number)"] })
        }
        #expect(events.events(of: id).count == 501 * 3 + 4)
      }
    }

    /// A hundred containers of one shim, ten at once, in bundles that are used again.
    private func tenTimesTen(
      _ command: String, topics: [String], _ live: (ShimClient, [String]) throws -> Void
    ) throws {
      try ShimHost.run(ShimBinary.oci) { host in
        let ids = (0..<10).map { "load-\(getpid())-\($0)" }
        let client = try host.launch(ids[0])
        for id in ids.dropFirst() { try host.makeBundle(id) }
        let busybox = try Busybox(in: host.folder.path)
        for id in ids { try busybox.writeSpec(command, to: host.bundle(id)) }
        let creates = ids.map { id in
          var request = host.createRequest(id)
          request.rootfs = [busybox.mount]
          request.options = .init(
            packing: RuncOptions.with { $0.root = "\(host.folder.path)/runc" })
          return request
        }
        let shim = try client.shimPID
        var before: (Footprint, [Holdings])?
        for round in 1...10 {
          try client.together("Create", creates)
          try live(client, ids)
          try client.together("Delete", ids.map { id in DeleteRequest.with { $0.id = id } })
          try eventually("the events are delivered") {
            host.events.topics.count >= round * 10 * topics.count
          }
          let holdings = ids.map { Holdings(of: shim, bundle: host.bundle($0)) }
          if let before {
            #expect(holdings == before.1)
          } else {
            before = (try Footprint.whenAsleep(shim), holdings)
          }
        }
        for id in ids {
          #expect(try host.events.topics(of: id) == (1...10).flatMap { _ in topics })
        }
        let (first, _) = try #require(before)
        try Footprint.wait(for: first, growth: 32, of: shim)
        try client.shutdown(ids[0])
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(host.events.topics.count == 100 * topics.count)
      }
    }

    @Test func aHundredThatEndAtOnce() throws {
      try tenTimesTen("true", topics: PodTests.life) { client, ids in
        try client.together("Start", ids.map { id in StartRequest.with { $0.id = id } })
        for id in ids { #expect(try client.wait(id).exitStatus == 0) }
      }
    }

    /// The shim knows of the end of one half when it is asked to start them, and not yet of the
    /// other's.
    @Test func aHundredThatEndBeforeTheirStart() throws {
      try tenTimesTen("true", topics: PodTests.life.filter { $0 != "/tasks/start" }) {
        client, ids in
        let pids = try ids.map { Int32(try client.state($0).pid) }
        for pid in pids.prefix(5) { kill(pid, SIGKILL) }
        for id in ids.prefix(5) { #expect(try client.wait(id).exitStatus == 137) }
        for pid in pids.suffix(5) { kill(pid, SIGKILL) }
        let starts = try ids.map { id in
          try client.begin("Start", StartRequest.with { $0.id = id })
        }
        for (id, start) in zip(ids, starts) {
          #expect(throws: RPCError.self) { _ = try client.finish(start) }
          #expect(try client.wait(id).exitStatus == 137)
          #expect(try client.state(id).status == .stopped)
        }
      }
    }
  }
}
