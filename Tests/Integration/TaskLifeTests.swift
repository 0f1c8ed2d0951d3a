// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// The life of a task, as a user of ctr sees it.
  @Suite struct TaskLifeTests {
    @Test func aContainerIsCreatedWithoutAShim() throws {
      try Containerd.run { containerd in
        try containerd.create("shim-test")
        let lines = try containerd.ctr("container", "ls").output.split(separator: "\n")
        let words = lines.first { $0.hasPrefix("shim-test ") }?.split(separator: " ").map(
          String.init)
        #expect(words == ["shim-test", Containerd.image, Containerd.sample])
        #expect(Processes.working(below: containerd.folder) == [])
        #expect(!Files.exists(try containerd.socket("shim-test")))
      }
    }

    @Test func startGivesThreeProcessesInOneGroup() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let task = try #require(try containerd.task("shim-test"))
        #expect(task.state == "RUNNING")

        let shim = try containerd.shim(of: "shim-test")
        #expect(Processes.number("PPid", of: shim) != Int(try containerd.pid))
        #expect(Processes.children(of: shim) == [task.pid])
        let command = Processes.commandLine(of: task.pid)
        #expect(command == ["sh", "-c", "while date --rfc-3339=seconds; do sleep 5; done"])
        let sleep = try Processes.sleep(of: task.pid)
        #expect([shim, task.pid, sleep].map(Processes.group) == [shim, shim, shim])

        let score = try #require(Files.read("/proc/\(try containerd.pid)/oom_score_adj"))
        let own = try #require(Int(score.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(Files.read("/proc/\(shim)/oom_score_adj") == "\(min(own + 1, 1000))\n")
        try containerd.endTask("shim-test")
      }
    }

    @Test func aRunningTaskIsNotRemoved() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let removal = try containerd.ctr("task", "rm", "shim-test")
        #expect(removal.status != 0)
        #expect(removal.errors.contains("task must be stopped before deletion"))
        #expect(try containerd.task("shim-test")?.state == "RUNNING")
        try containerd.endTask("shim-test")
      }
    }

    @Test func killEndsTheCommandAndRemoveTheShimSeveralTimes() throws {
      try Containerd.run { containerd in
        try containerd.create("shim-test")
        for _ in 1...3 {
          try containerd.startTask("shim-test").expectSuccess()
          let task = try #require(try containerd.task("shim-test"))
          let shim = try containerd.shim(of: "shim-test")
          let sleep = try Processes.sleep(of: task.pid)
          #expect(Files.exists(try containerd.socket("shim-test")))

          kill(sleep, SIGSTOP)  // it does not end by itself
          try containerd.ctr("task", "kill", "shim-test").expectSuccess()
          try containerd.awaitState("shim-test", "STOPPED")
          try eventually("command and sleep are gone") {
            Processes.isGone(task.pid) && Processes.isGone(sleep)
          }
          #expect(Processes.children(of: shim) == [])
          #expect(!Processes.isGone(shim))

          let removal = try containerd.ctr("task", "rm", "shim-test")
          #expect(removal.status == 0)
          #expect(removal.errors.contains("task shim-test exit with non-zero exit code 143"))
          try containerd.proveNothingIsLeft()
          #expect(Processes.isGone(shim))
        }
      }
    }

    /// The bytes lie in the FIFO, and whoever reads it still gets them.
    @Test func removalDoesNotWaitForSomebodyToReadTheOutput() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test", keepsOutput: true)
        // The ctr that started it may have read the first date, and is gone now.
        let command = try #require(try containerd.task("shim-test")).pid
        try StdioTests.writeAs(command, "unread\n", try containerd.client("shim-test"), "shim-test")
        try containerd.ctr("task", "kill", "shim-test").expectSuccess()
        try containerd.awaitState("shim-test", "STOPPED")
        let removal = try containerd.spawnCtr(["task", "rm", "shim-test"])
        // Containerd's own shim takes milliseconds; ten seconds is the limit for a full FIFO.
        try removal.wait(within: .seconds(6)).expectSuccess()
      }
    }

    @Test func eventsComeInOrder() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.runTask("one")
        try containerd.runTask("two")
        var pids: [String: Int] = [:]
        for id in ["one", "two"] {
          pids[id] = try containerd.task(id).map { Int($0.pid) }
          try containerd.ctr("task", "kill", id).expectSuccess()
          try containerd.awaitState(id, "STOPPED")
          try containerd.ctr("task", "rm", id).expectSuccess()
          try events.wait(for: "/tasks/delete", of: id)
        }
        for id in ["one", "two"] {
          let all = events.events(of: id)
          #expect(
            all.map(\.topic) == ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"])
          #expect(all.allSatisfy { $0.pid == pids[id] })
          #expect(all.map(\.status) == [0, 0, 143, 143])
        }
      }
    }
  }
}
