// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// When the shim, or containerd, goes away.
  @Suite struct CrashTests {
    @Test func containerdCleansUpAfterAKilledShim() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.create("shim-test")
        for round in 1...2 {
          try containerd.startTask("shim-test").expectSuccess()
          let task = try #require(try containerd.task("shim-test"))
          let sleep = try Processes.sleep(of: task.pid)
          let shim = try containerd.shim(of: "shim-test")
          kill(shim, SIGKILL)
          try eventually("the shim is gone") { Processes.isGone(shim) }
          kill(sleep, SIGSTOP)  // it does not end by itself; not before, as in DeleteTests

          let exit = try events.wait(for: "/tasks/exit", of: "shim-test", count: round)
          #expect(exit.status == 137)
          #expect(exit.pid == Int(task.pid))
          try events.wait(for: "/tasks/delete", of: "shim-test", count: round)
          try eventually("command and sleep are gone") {
            Processes.isGone(task.pid) && Processes.isGone(sleep)
          }
          try containerd.proveNothingIsLeft()
          #expect(try containerd.task("shim-test") == nil)
        }
      }
    }

    @Test(arguments: [false, true]) func aTaskOutlivesContainerd(crashes: Bool) throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test", keepsOutput: true)
        let before = try #require(try containerd.task("shim-test"))
        let shim = try containerd.shim(of: "shim-test")
        if crashes { try containerd.crash() } else { try containerd.stop() }
        #expect(!Processes.isGone(before.pid))

        try containerd.start()
        let after = try #require(try containerd.task("shim-test"))
        #expect(after == before)
        #expect(try containerd.shim(of: "shim-test") == shim)
        let reader = try containerd.spawnCtr(["task", "attach", "shim-test"])
        try reader.output.wait(for: "a date", AttachTests.showsADate)
        try containerd.ctr("task", "kill", "shim-test").expectSuccess()
        // This ctr has seen the end, and removes the task.
        #expect(try reader.wait().status == 143)
        try eventually("the task is gone") { try containerd.task("shim-test") == nil }
      }
    }

    @Test func anExitDuringTheOutageIsToldAfterwards() throws {
      try Containerd.run { containerd in
        // The shim sends events through a link. Without it they cannot arrive before we listen.
        let link = "\(containerd.folder)-link"
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: containerd.folder)
        try containerd.stop()
        try containerd.start(in: link)
        let before = try EventStream(containerd)
        try containerd.runTask("shim-test")
        try before.wait(for: "/tasks/start", of: "shim-test")
        #expect(before.topics(of: "shim-test") == ["/tasks/create", "/tasks/start"])
        let task = try #require(try containerd.task("shim-test"))

        try containerd.stop()
        try FileManager.default.removeItem(atPath: link)
        kill(task.pid, SIGTERM)
        try eventually("the command is gone") { Processes.isGone(task.pid) }

        try containerd.start()
        #expect(try containerd.task("shim-test")?.state == "STOPPED")
        let after = try EventStream(containerd)
        #expect(after.topics(of: "shim-test") == [])
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: containerd.folder)
        let exit = try after.wait(for: "/tasks/exit", of: "shim-test")
        #expect(exit.status == 143)
        #expect(exit.pid == Int(task.pid))

        let removal = try containerd.ctr("task", "rm", "shim-test")
        #expect(removal.errors.contains("non-zero exit code 143"))
        try after.wait(for: "/tasks/delete", of: "shim-test")
        #expect(after.topics(of: "shim-test") == ["/tasks/exit", "/tasks/delete"])
      }
    }
  }
}
