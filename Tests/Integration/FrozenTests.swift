// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Control groups that somebody else freezes or thaws: a kubelet, `runc pause`, a checkpoint tool.
  @Suite struct FrozenTests {
    private static let sleeper = "sleep 100000 & sleep 100000 & wait"

    @Test(arguments: [false, true]) func killEndsWhatSomebodyElseHasFrozen(all: Bool) throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        try RealGroup(of: pid).freeze()
        #expect(try client.state("a").status == .running, "as containerd's own shim says")
        try client.kill("a", 9, all: all)
        #expect(try client.wait("a").exitStatus == 137)
        _ = try client.delete("a")
      }
    }

    /// Init waits in the kernel until all of its pid namespace are dead.
    @Test(arguments: [false, true]) func aGroupBelow(all: Bool) throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        let child = try eventually("a child") { Processes.children(of: pid).first }
        try RealGroup(of: pid).freezeBelow(child)
        try client.kill("a", 9, all: all)
        #expect(try client.wait("a").exitStatus == 137)
        _ = try client.delete("a")
      }
    }

    @Test func oneThatWasNotStarted() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.create(client, "a", "true")
        try RealGroup(of: pid).freeze()
        _ = try client.delete("a")
        #expect(Processes.isGone(pid))
      }
    }

    /// The runtime takes an empty group that is frozen for a paused container. (systemd removes a scope when
    /// its last process has ended.)
    @Test(.enabled(if: !OCIVariant.usesSystemd)) func oneThatHasEnded() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        let group = try RealGroup(of: pid)
        try client.kill("a", 9)
        _ = try client.wait("a")
        try group.freeze()
        _ = try client.delete("a")
        #expect(!Files.exists(group.freezer))
      }
    }

    @Test func deleteAfterACrash() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        let child = try eventually("a child") { Processes.children(of: pid).first }
        let group = try RealGroup(of: pid)
        try group.freezeBelow(child)
        try group.freeze()
        let shim = try client.shimPID
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        let ending = try host.host.delete("a")
        #expect(ending.errors == "")
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 137)
        #expect(Processes.isGone(pid))
        #expect(Processes.isGone(child))
      }
    }

    /// Paused by us, thawed by somebody else.
    @Test func whatIsThawedRuns() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        let _: Google_Protobuf_Empty = try client.call("Pause", host.process("a", ""))
        #expect(try client.state("a").status == .paused)
        try RealGroup(of: pid).thaw()
        #expect(try client.state("a").status == .running)
        _ = try host.exec(client, "a", "e", "exit 3")
        let exit: WaitResponse = try client.call("Wait", host.process("a", "e"))
        #expect(exit.exitStatus == 3)
        #expect(
          try client.refusal("Resume", host.process("a", "")).message
            == "cannot resume a running process")
        let _: Google_Protobuf_Empty = try client.call("Pause", host.process("a", ""))
        #expect(try client.state("a").status == .paused)
        try host.end(client, "a")
      }
    }

    /// Frozen by somebody else, and thawed by us.
    @Test func resumeThawsWhatSomebodyElseHasFrozen() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        let group = try RealGroup(of: pid)
        try group.freeze()
        let _: Google_Protobuf_Empty = try client.call("Resume", host.process("a", ""))
        #expect(!group.isFrozen)
        #expect(try client.state("a").status == .running)
        try host.end(client, "a")
      }
    }

    /// It is not ours alone: whoever has frozen it has frozen the other one too.
    @Test(.enabled(if: !OCIVariant.usesSystemd)) func aGroupThatOthersUseStaysFrozen() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(client, "a", Self.sleeper)
        _ = try host.run(client, "b", groupOf: "a", Self.sleeper)
        let group = try RealGroup(of: pid)
        try group.freeze()
        try client.kill("b", 9)
        #expect(group.isFrozen)
        try group.thaw()
        #expect(try client.wait("b").exitStatus == 137)
        #expect(try client.state("a").status == .running)
        try host.end(client, "a")
        _ = try client.delete("b")
      }
    }
  }
}
