// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Real containers, by runc, through ctr.
  @Suite struct ContainerTests {
    /// The runtime's state is the machine's, not this containerd's: a name that nobody else has.
    static let id = "shim-test-\(getpid())"

    @Test func outputAndStatus() throws {
      try Containerd.run { containerd in
        // ctr 1.6 closes its ends of the FIFOs when it hears of the exit, read or not, under
        // containerd's own shim too: so it gets little, and time.
        let ending = try containerd.runContainer(
          Self.id, "sh", "-c", "echo out; echo err >&2; sleep 0.3; exit 7")
        #expect(ending.status == 7)
        #expect(ending.output == "out\n")
        #expect(ending.errors == "err\n")
      }
    }

    @Test func aProgramThatIsNotThere() throws {
      try Containerd.run { containerd in
        let ending = try containerd.runContainer(Self.id, "/nonexistent")
        #expect(ending.status == 1)
        #expect(
          ending.errors.contains("OCI runtime create failed: runc create failed: unable to start"))
        #expect(ending.errors.contains("/nonexistent: no such file or directory"))
      }
    }

    /// CRI's table, in a file that ctr names.
    @Test func options() throws {
      try Containerd.run { containerd in
        let table = "\(containerd.folder)/options.toml"
        func run(_ text: String) throws -> Subprocess.Ending {
          try text.write(toFile: table, atomically: false, encoding: .utf8)
          return try containerd.runContainer(
            Self.id, "true", flags: ["--runtime-config-path", table])
        }
        let root = "\(containerd.folder)/runc \"state\""
        #expect(try run("BinaryName = 'runc'\nRoot = '\(root)'\n").status == 0)
        #expect(Files.exists("\(root)/default"))
        let missing = try run("BinaryName = \"no-runc\"")
        #expect(
          missing.errors.contains("OCI runtime create failed: unable to retrieve OCI runtime"))
        #expect(missing.errors.contains("exec: \"no-runc\": executable file not found in $PATH"))
        let wrong = try run("BinaryName = 7")
        #expect(wrong.errors.contains("line 1: BinaryName is to be a string"))
      }
    }

    @Test func execs() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id)
        let execs = try (1...20).map { number in
          try containerd.spawnCtr([
            "task", "exec", "--exec-id", "e\(number)", Self.id, "sh", "-c",
            "echo $((\(number) * 2)); exit \(number)",
          ])
        }
        for (index, exec) in execs.enumerated() {
          let ending = try exec.wait()
          #expect(ending.status == Int32(index + 1))
          #expect(ending.output == "\((index + 1) * 2)\n")
          #expect(ending.errors == "")
        }
        let missing = try containerd.ctr("task", "exec", "--exec-id", "m", Self.id, "/nonexistent")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("OCI runtime exec failed: exec failed: "))
        let shim = try containerd.client(Self.id)
        let refusal = try shim.refusal(
          "Exec",
          ExecProcessRequest.with {
            $0.id = Self.id
            $0.execID = "no-spec"
          })
        #expect(refusal.code == RPCError.invalidArgument)
        try containerd.endTask(Self.id)
        try events.wait(for: "/tasks/delete", of: Self.id)
        let topics = events.topics(of: Self.id)
        for (topic, count) in [
          ("/tasks/exec-added", 21), ("/tasks/exec-started", 20), ("/tasks/exit", 21),
        ] {
          #expect(topics.filter { $0 == topic }.count == count, "\(topic)")
        }
        #expect(topics.prefix(2) == ["/tasks/create", "/tasks/start"])
        #expect(topics.suffix(2) == ["/tasks/exit", "/tasks/delete"])
      }
    }

    @Test func aTerminal() throws {
      try Containerd.run { containerd in
        try containerd.remember(Self.id)
        let run = try containerd.spawnCtr(
          ["run", "--rm", "--tty", "--runtime", Containerd.oci, Containerd.image, Self.id, "sh"],
          terminal: Terminal())
        try run.output.wait(for: "a prompt") { $0.text.contains("# ") }
        try run.terminal?.type("test -t 0 && test -t 2 && echo is-a-$((6 * 7))\n")
        try run.output.wait(for: "an answer") { $0.text.contains("is-a-42") }
        // CTRL-C is for the command in the foreground.
        try run.terminal?.type("sleep 1000\(getpid())\n")
        try Processes.wait(for: ["sleep", "1000\(getpid())"])
        try run.terminal?.pressControlC()
        try run.output.wait(for: "CTRL-C") { $0.text.contains("^C") }
        try run.terminal?.type("seq 1 3000\n")
        // Before the exit: see `outputAndStatus`.
        try run.output.wait(for: "the last line") { $0.text.contains("\n3000\r") }
        try run.terminal?.type("exit 9\n")
        #expect(try run.wait().status == 9)
      }
    }

    @Test func aTerminalHasTheClientsSize() throws {
      try Containerd.run { containerd in
        let terminal = try Terminal()
        terminal.resize(columns: 111, rows: 33)
        try containerd.remember(Self.id)
        let run = try containerd.spawnCtr(
          [
            "run", "--rm", "--tty", "--runtime", Containerd.oci, Containerd.image, Self.id, "sh",
            "-c", "echo ready; sleep 100000",
          ], terminal: terminal)
        try run.output.wait(for: "the command") { $0.text.contains("ready") }
        let shim = try containerd.client(Self.id)
        #expect(try shim.state(Self.id).terminal)
        let command = try #require(try containerd.task(Self.id)).pid
        let console = "/proc/\(command)/fd/0"
        try eventually("its size is ctr's") { try Terminal.size(of: console) == [111, 33] }
        run.terminal?.resize(columns: 80, rows: 25)
        try eventually("and follows it") {
          run.kill(SIGWINCH)  // each time: it may not listen yet
          return try Terminal.size(of: console) == [80, 25]
        }
        try shim.kill(Self.id, 9)
        #expect(try run.wait().status == 137)
      }
    }

    @Test func pauseAndResume() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id)
        try containerd.ctr("task", "pause", Self.id).expectSuccess()
        #expect(try containerd.task(Self.id)?.state == "PAUSED")
        let again = try containerd.ctr("task", "pause", Self.id)
        #expect(again.errors.contains(/cannot pause a paused container(: unknown)?\n/))
        let exec = try containerd.ctr("task", "exec", "--exec-id", "e", Self.id, "true")
        #expect(exec.errors.contains(/cannot exec in a paused state(: unknown)?\n/))
        try containerd.ctr("task", "resume", Self.id).expectSuccess()
        #expect(try containerd.task(Self.id)?.state == "RUNNING")
        try events.wait(for: "/tasks/resumed", of: Self.id)
        #expect(events.topics(of: Self.id).suffix(2) == ["/tasks/paused", "/tasks/resumed"])
        // Killed while it is frozen.
        try containerd.ctr("task", "pause", Self.id).expectSuccess()
        try containerd.endTask(Self.id)
      }
    }

    @Test func pids() throws {
      try Containerd.run { containerd in
        try containerd.runSleeper(Self.id)
        let exec = try containerd.spawnCtr(
          ["task", "exec", "--exec-id", "e", Self.id, "sleep", "100000"])
        // As ctr prints it, which depends on its version. In the cgroup it is before it has started.
        try eventually("the exec is told") {
          try containerd.ctr("task", "ps", Self.id).output.contains(/ExecID:e,|exec_id:"e"/)
        }
        let pids = try containerd.client(Self.id).pids(Self.id)
        #expect(pids.count == 2)
        #expect(pids.contains(try #require(try containerd.task(Self.id)).pid))
        try containerd.endTask(Self.id)
        _ = try exec.wait()
      }
    }

    @Test func aKilledShim() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.runSleeper(Self.id)
        let task = try #require(try containerd.task(Self.id))
        kill(try containerd.shim(of: Self.id), SIGKILL)
        let exit = try events.wait(for: "/tasks/exit", of: Self.id)
        #expect(exit.status == 137)
        #expect(exit.pid == Int(task.pid))
        try eventually("the container is gone") { Processes.isGone(task.pid) }
        try containerd.proveNothingIsLeft()
        #expect(try containerd.ctr("container", "rm", Self.id).status == 0)
        #expect(try containerd.runContainer(Self.id, "true").status == 0)
      }
    }

    @Test func containerdRestarts() throws {
      try Containerd.run { containerd in
        try containerd.runSleeper(Self.id)
        let before = try #require(try containerd.task(Self.id))
        try containerd.crash()
        try containerd.start()
        #expect(try #require(try containerd.task(Self.id)) == before)
        let exec = try containerd.ctr("task", "exec", "--exec-id", "e", Self.id, "echo", "here")
        #expect(exec.output == "here\n")
        try containerd.endTask(Self.id)
      }
    }

    /// In each round one of them ends before `start`, or at once.
    @Test func shortLives() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        for round in 1...5 {
          #expect(try containerd.runContainer(Self.id, "true").status == 0)
          try events.wait(for: "/tasks/delete", of: Self.id, count: round)
        }
        let topics = ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]
        #expect(events.topics(of: Self.id).enumerated().allSatisfy { $1 == topics[$0 % 4] })
      }
    }
  }
}
