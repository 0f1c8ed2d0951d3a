// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// What a shim costs, and that it costs no more after much use.
  @Suite struct BudgetTests {
    /// By the symbols of the unstripped release.
    @Test func fullFoundationIsNotLinked() throws {
      let binary = try Data(contentsOf: URL(fileURLWithPath: ShimBinary.path()))
      #expect(
        binary.range(of: Data("$s20FoundationEssentials".utf8)) != nil, "no symbols to look at")
      #expect(binary.range(of: Data("$s10Foundation".utf8)) == nil)
    }

    @Test func theExecutableIsNoLarger() throws {
      #expect(try ShimBinary.strippedSize() <= 18_100_000)
    }

    /// Stopped, the command prints nothing: the shim has no reason to run.
    @Test func anIdleShimSleeps() throws {
      try ShimHost.run { host in
        let output = "\(host.folder.path)/out"
        try Files.makeFifo(output)
        // A process holds its environment, whose size is the machine's: here containerd's is empty.
        let environment = ["env", "-i"] + host.environment.map { "\($0)=\($1)" }
        let path = "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        let client = try host.launch("a", wrapper: environment + [path])
        let reader = try Collector(fifo: output)
        try host.create(client, "a", stdout: output)
        let wait = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
        let command = try client.start("a")
        try reader.wait(for: "a date", AttachTests.showsADate)
        try eventually("the events are delivered") { host.events.topics.count == 2 }
        kill(command, SIGSTOP)
        try eventually("the command is stopped") {
          Processes.field("State", of: command)?.hasPrefix("T") ?? false
        }
        let shim = try client.shimPID
        let before = try Footprint.whenAsleep(shim)
        #expect(before.threads == 1)
        #expect(before.memory <= 220)

        // No pace of ours is slower than ten seconds, and all that idle are at rest.
        sleep(11)
        #expect(try Footprint(of: shim).sleeps == before.sleeps)
        kill(command, SIGCONT)
        try client.kill("a", 9)
        #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 137)
      }
    }

    @Test func anIdleContainerCostsNoMore() throws {
      try Containerd.run { containerd in
        try containerd.runSleeper(ContainerTests.id)
        let footprint = try Footprint.whenAsleep(try containerd.shim(of: ContainerTests.id))
        #expect(footprint.threads == 1)
        #expect(footprint.memory <= 220)
        try containerd.endTask(ContainerTests.id)
      }
    }

    @Test func twoHundredTasksInOneShim() throws {
      try ShimHost.run { host in
        let client = try host.launch("keep")
        let keeper = try host.create(client, "keep")
        _ = try client.start("keep")
        try host.makeBundle("a")
        let output = "\(host.folder.path)/out"
        try Files.makeFifo(output)
        let shim = try client.shimPID

        func round() throws {
          let reader = try Collector(fifo: output)
          let pid = try host.create(client, "a", stdout: output)
          _ = try client.start("a")
          try client.kill("a", 9)
          #expect(try client.wait("a").exitStatus == 137)
          try reader.waitForEnd()
          #expect(try client.delete("a").pid == UInt32(pid))
          try client.shutdown("a")
        }
        for _ in 1...20 { try round() }
        try eventually("the events are delivered") { host.events.topics.count == 2 + 20 * 4 }
        let before = try Footprint.whenAsleep(shim)
        for _ in 1...200 { try round() }
        try eventually("the events are delivered") { host.events.topics.count == 2 + 220 * 4 }
        let after = try Footprint.wait(for: before, growth: 32, of: shim)
        #expect(after.descriptors == before.descriptors)
        #expect(Processes.children(of: shim) == [keeper])
        let topics = ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]
        #expect(host.events.topics.dropFirst(2).enumerated().allSatisfy { $1 == topics[$0 % 4] })
        #expect(Files.names(in: host.socketFolder).count == 1)
      }
    }

    @Test func twentyTasksThroughContainerd() throws {
      try Containerd.run { containerd in
        let group = ["--annotation", "io.containerd.runc.v2.group=keep"]
        try containerd.runTask("keep", flags: group)
        try containerd.create("a", flags: group)
        let shim = try containerd.shim(of: "keep")
        var before: Footprint?
        for round in 1...20 {
          try containerd.startTask("a").expectSuccess()
          #expect(try containerd.shim(of: "a") == shim)
          try containerd.endTask("a")
          // What the command leaves is killed and then reaped: a busy machine takes its time.
          try eventually("nothing is left of it") { Processes.children(of: shim).count == 1 }
          if round == 3 { before = try Footprint.whenAsleep(shim) }
        }
        try Footprint.wait(for: try #require(before), growth: 32, of: shim)
        try containerd.endTask("keep")
      }
    }
  }
}
