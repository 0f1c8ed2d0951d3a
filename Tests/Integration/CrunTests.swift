// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Real containers by crun, whose words are not runc's.
  @Suite(.enabled(if: Crun.refusal == nil, "no crun here: \(Crun.refusal ?? "")"))
  struct CrunTests {
    static let id = ContainerTests.id

    private func run(_ body: (Containerd, _ flags: [String]) throws -> Void) throws {
      try Containerd.run(wrapper: Crun.wrapper) { containerd in
        let table = "\(containerd.folder)/options.toml"
        try "BinaryName = 'crun'\nRoot = '\(containerd.folder)/crun'\n\(OCIVariant.driver)".write(
          toFile: table, atomically: false, encoding: .utf8)
        try body(
          containerd, ["--runtime-config-path", table, "--cgroup", OCIVariant.cgroup(Self.id)])
      }
    }

    /// As somebody else would, beside the shim.
    private func crun(_ containerd: Containerd, _ arguments: String...) throws {
      let root = ["crun", "--root", "\(containerd.folder)/crun/default"]
      try Subprocess(Crun.wrapper + root + arguments).wait().expectSuccess()
    }

    @Test func outputStatusAndEvents() throws {
      try run { containerd, flags in
        let events = try EventStream(containerd)
        for round in 1...10 {
          // Little output, and time: see `ContainerTests`.
          let ending = try containerd.runContainer(
            Self.id, "sh", "-c", "echo out; echo err >&2; sleep 0.1; exit \(round)", flags: flags)
          #expect(ending.status == Int32(round))
          #expect(ending.output == "out\n")
          #expect(ending.errors == "err\n")
          try events.wait(for: "/tasks/delete", of: Self.id, count: round)
        }
        #expect(events.topics(of: Self.id) == (1...10).flatMap { _ in PodTests.life })
      }
    }

    @Test func failuresInItsWords() throws {
      try run { containerd, flags in
        let missing = try containerd.runContainer(Self.id, "nowhere", flags: flags)
        #expect(missing.status == 1)
        #expect(
          missing.errors.contains(
            "OCI runtime create failed: executable file `nowhere` not found in $PATH"))
        try containerd.runSleeper(Self.id, flags: flags)
        let exec = ["task", "exec", "--exec-id", "e"]
        let noProgram = try containerd.spawnCtr(exec + [Self.id, "nowhere"]).wait()
        #expect(
          noProgram.errors.contains(
            "OCI runtime exec failed: executable file `nowhere` not found in $PATH"))
        let noFolder = try containerd.spawnCtr(
          exec + ["--cwd", "/nowhere", Self.id, "true"]
        ).wait()
        #expect(noFolder.errors.contains(/OCI runtime exec failed: chdir (to )?`\/nowhere`/))
        #expect(try containerd.spawnCtr(exec + [Self.id, "sh", "-c", "exit 9"]).wait().status == 9)
        try containerd.endTask(Self.id)
      }
    }

    @Test func aTerminal() throws {
      try run { containerd, flags in
        try containerd.remember(Self.id)
        let run = try containerd.spawnCtr(
          ["run", "--rm", "--tty", "--runtime", Containerd.oci] + flags
            + [Containerd.image, Self.id, "sh"], terminal: Terminal())
        try run.output.wait(for: "a prompt") { $0.text.contains("# ") }
        try run.terminal?.type("test -t 0 && test -t 2 && echo is-a-$((6 * 7))\n")
        try run.output.wait(for: "an answer") { $0.text.contains("is-a-42") }
        let exec = try containerd.spawnCtr(
          ["task", "exec", "--tty", "--exec-id", "e", Self.id, "sh"], terminal: Terminal())
        try exec.output.wait(for: "a prompt") { $0.text.contains("# ") }
        try exec.terminal?.type("exit 8\n")
        #expect(try exec.wait().status == 8)
        try run.terminal?.type("exit 9\n")
        #expect(try run.wait().status == 9)
      }
    }

    @Test func pauseResumeAndKill() throws {
      try run { containerd, flags in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id, flags: flags)
        try containerd.ctr("task", "pause", Self.id).expectSuccess()
        #expect(try containerd.task(Self.id)?.state == "PAUSED")
        try containerd.ctr("task", "resume", Self.id).expectSuccess()
        #expect(try containerd.task(Self.id)?.state == "RUNNING")
        let client = try containerd.client(Self.id)
        try client.kill(Self.id, 0, all: true)
        // Killed while it is frozen.
        try containerd.ctr("task", "pause", Self.id).expectSuccess()
        try client.kill(Self.id, 9, all: true)
        #expect(try events.wait(for: "/tasks/exit", of: Self.id).status == 137)
        #expect(
          try client.refusal("Kill", KillRequest.with { $0.id = Self.id })
            == RPCError(code: 5, message: "process already finished: not found"))
        try containerd.ctr("task", "rm", Self.id).expectSuccess()
        #expect(
          events.topics(of: Self.id) == [
            "/tasks/create", "/tasks/start", "/tasks/paused", "/tasks/resumed", "/tasks/paused",
            "/tasks/exit", "/tasks/delete",
          ])
      }
    }

    /// Somebody has removed it behind our back.
    @Test func whatIsGoneIsNotFound() throws {
      try run { containerd, flags in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id, flags: flags)
        try crun(containerd, "delete", "--force", Self.id)
        #expect(try events.wait(for: "/tasks/exit", of: Self.id).status == 137)
        let client = try containerd.client(Self.id)
        for (all, words) in [(false, "process already finished"), (true, "no such container")] {
          let request = KillRequest.with {
            $0.id = Self.id
            $0.signal = 9
            $0.all = all
          }
          #expect(
            try client.refusal("Kill", request) == RPCError(code: 5, message: "\(words): not found")
          )
        }
        try containerd.ctr("task", "rm", Self.id).expectSuccess()
      }
    }

    /// `delete` knows which runtime made the container, and where its state is.
    @Test func aKilledShim() throws {
      try run { containerd, flags in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id, flags: flags)
        let task = try #require(try containerd.task(Self.id))
        kill(try containerd.shim(of: Self.id), SIGKILL)
        #expect(try events.wait(for: "/tasks/exit", of: Self.id).status == 137)
        try eventually("the container is gone") { Processes.isGone(task.pid) }
        try eventually("so is its state") {
          // Later versions keep a folder of their own there.
          Files.names(in: "\(containerd.folder)/crun/default")
            .filter { $0 != ".empty-directory" } == []
        }
      }
    }
  }
}
