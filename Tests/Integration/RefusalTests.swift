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
        let checkpoint = CheckpointTaskRequest.with {
          $0.id = "shim-test"
          $0.path = "/nowhere"
        }
        let group = StateRequest.with { $0.id = "shim-test" }
        for (refusal, words) in [
          (try client.refusal("Checkpoint", checkpoint), "no container that could be written down"),
          (try client.refusal("Update", group), "no control group of its own"),
          (try client.refusal("Stats", group), "no control group of its own"),
        ] {
          #expect(refusal.code == RPCError.unimplemented)
          #expect(refusal.message.contains(words))
        }
        #expect(try containerd.task("shim-test")?.state == "RUNNING")
        try containerd.endTask("shim-test")
      }
    }
  }
}
