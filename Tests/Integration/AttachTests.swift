// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// Output and CTRL-C through ctr.
  @Suite struct AttachTests {
    static func showsADate(_ collector: Collector) -> Bool {
      collector.text.contains(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d/)
    }

    @Test func attachedClientsComeAndGo() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test", keepsOutput: true)
        for _ in 1...2 {
          let client = try containerd.spawnCtr(["task", "attach", "shim-test"])
          try client.output.wait(for: "a date", Self.showsADate)
          client.kill(SIGKILL)
          #expect(try client.wait().status == 137)
          #expect(try containerd.task("shim-test")?.state == "RUNNING")
        }

        let client = try containerd.spawnCtr(
          ["task", "attach", "shim-test"], terminal: Terminal())
        try client.output.wait(for: "a date", Self.showsADate)
        try client.terminal?.pressControlC()
        #expect(try client.wait().status == 130)
        // ctr removes the task whose end it has seen.
        try eventually("the task is gone") { try containerd.task("shim-test") == nil }
      }
    }

    @Test func controlCEndsAnAttachedTask() throws {
      try Containerd.run { containerd in
        try containerd.create("shim-test")
        let client = try containerd.spawnCtr(
          ["task", "start", "--fifo-dir", containerd.folder, "shim-test"], terminal: Terminal())
        try client.output.wait(for: "a date", Self.showsADate)
        let task = try #require(try containerd.task("shim-test"))
        try client.terminal?.pressControlC()
        #expect(try client.wait().status == 130)
        #expect(Processes.isGone(task.pid))
        #expect(try containerd.task("shim-test") == nil)
      }
    }
  }
}
