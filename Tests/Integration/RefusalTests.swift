// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// What the sample does not do, and says so.
  @Suite struct RefusalTests {
    @Test func podsAreRefused() throws {
      try Containerd.run { containerd in
        try containerd.create(
          "shim-test", flags: ["--annotation", "io.kubernetes.cri.container-type=container"])
        let start = try containerd.startTask("shim-test")
        #expect(start.status != 0)
        #expect(
          start.errors.contains(
            "this sample runs a command on the host and refuses pods "
              + "(io.kubernetes.cri.container-type)"))
        #expect(try containerd.task("shim-test") == nil)
      }
    }

    @Test func whatIsNotBuiltIsNamed() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let calls = [
          (["pause", "shim-test"], "has no container that could be paused: not implemented"),
          (["resume", "shim-test"], "cannot resume a running process: unknown"),
        ]
        for (arguments, words) in calls {
          let ending = try containerd.spawnCtr(["task"] + arguments).wait()
          #expect(ending.status != 0)
          #expect(ending.errors.contains(words))
        }
        // ctr pauses before a checkpoint, has no update, and hides why there are no metrics.
        let client = try containerd.client("shim-test")
        for (method, words) in [
          ("Checkpoint", "not built yet"), ("Update", "no control group of its own"),
          ("Stats", "no control group of its own"),
        ] {
          let refusal = try client.refusal(method, StateRequest.with { $0.id = "shim-test" })
          #expect(refusal.code == RPCError.unimplemented)
          #expect(refusal.message.contains(words))
        }
        #expect(try containerd.task("shim-test")?.state == "RUNNING")
        try containerd.endTask("shim-test")
      }
    }
  }
}
