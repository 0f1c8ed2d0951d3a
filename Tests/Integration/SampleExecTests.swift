// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
  /// Exec and terminals of the sample, on the host.
  @Suite struct SampleExecTests {
    private static func exec(_ id: String, _ command: String..., flags: [String] = []) -> [String] {
      ["task", "exec", "--exec-id", id] + flags + ["shim-test"] + command
    }

    @Test func execs() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        try containerd.runTask("shim-test")
        let execs = try (1...20).map { number in
          try containerd.spawnCtr(
            Self.exec("e\(number)", "sh", "-c", "pwd; echo \(number) >&2; exit \(number)"))
        }
        for (index, exec) in execs.enumerated() {
          let ending = try exec.wait()
          #expect(ending.status == Int32(index + 1))
          #expect(ending.output == "/\n")
          #expect(ending.errors == "\(index + 1)\n")
        }
        let input = try containerd.spawnCtr(
          Self.exec("cat", "cat"), input: .bytes(Array("typed".utf8)))
        #expect(try input.wait().output == "typed")
        try containerd.endTask("shim-test")
        try events.wait(for: "/tasks/delete", of: "shim-test")
        let topics = events.topics(of: "shim-test")
        for (topic, count) in [
          ("/tasks/exec-added", 21), ("/tasks/exec-started", 21), ("/tasks/exit", 22),
        ] {
          #expect(topics.filter { $0 == topic }.count == count, "\(topic)")
        }
      }
    }

    @Test func whatCannotBeExecuted() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let missing = try containerd.spawnCtr(Self.exec("m", "/nonexistent")).wait()
        #expect(missing.status == 1)
        #expect(
          missing.errors.contains("exec /nonexistent in /: No such file or directory: unknown"))
        let nowhere = try containerd.spawnCtr(
          Self.exec("n", "true", flags: ["--cwd", "/nonexistent"])
        ).wait()
        #expect(nowhere.errors.contains("No such file or directory: unknown"))
        let user = try containerd.spawnCtr(Self.exec("u", "true", flags: ["--user", "65534"]))
        #expect(try user.wait().errors.contains("the sample runs commands as root only"))
        #expect(try containerd.spawnCtr(Self.exec("t", "true")).wait().status == 0)
        try containerd.endTask("shim-test")
      }
    }

    /// And what it has left behind.
    @Test func anExecEndsWithItsTask() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let exec = try containerd.spawnCtr(
          Self.exec("e", "sh", "-c", "sleep 100000 & echo $! $$; wait"))
        try exec.output.wait(for: "its pids") { $0.text.hasSuffix("\n") }
        let pids = exec.output.text.split { $0.isWhitespace }.compactMap { Int32($0) }
        let listed = try containerd.client("shim-test").pids("shim-test")
        #expect(pids.count == 2 && Set(pids).isSubset(of: listed))
        try containerd.ctr("task", "kill", "--signal", "KILL", "shim-test").expectSuccess()
        // Before the task is removed: ctr removes its exec then, and complains if that is gone.
        #expect(try exec.wait().status == 137)
        try eventually("all is gone") { pids.allSatisfy(Processes.isGone) }
        try containerd.awaitState("shim-test", "STOPPED")
        try containerd.ctr("task", "rm", "shim-test").expectSuccess()
      }
    }

    /// Which is killed: `delete` knows of init only.
    @Test func anExecEndsWithItsShim() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let exec = try containerd.spawnCtr(Self.exec("e", "sh", "-c", "echo $$; exec sleep 100000"))
        try exec.output.wait(for: "its pid") { $0.text.hasSuffix("\n") }
        let pid = try #require(Int32(exec.output.text.dropLast()))
        kill(try containerd.shim(of: "shim-test"), SIGKILL)
        try eventually("it is gone") { Processes.isGone(pid) }
        _ = try exec.wait()
      }
    }

    /// In a container too what an exec leaves lives on: it ends with init.
    @Test func whatAnExecLeavesEndsWithItsTask() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let exec = try containerd.spawnCtr(
          Self.exec("e", "sh", "-c", "sleep 100000 </dev/null >/dev/null 2>&1 & echo $!"))
        let ending = try exec.wait()
        let pid = try #require(Int32(ending.output.dropLast()))
        _ = try containerd.spawnCtr(Self.exec("f", "true")).wait()
        #expect(!Processes.isGone(pid))
        try containerd.endTask("shim-test")
        try eventually("it is gone") { Processes.isGone(pid) }
      }
    }

    @Test func aTerminal() throws {
      try Containerd.run { containerd in
        try containerd.create("shim-test", flags: ["--tty"])
        let start = try containerd.spawnCtr(["task", "start", "shim-test"], terminal: Terminal())
        try start.output.wait(for: "a date", AttachTests.showsADate)
        let task = try #require(try containerd.task("shim-test"))
        #expect(Processes.group(of: task.pid) == task.pid)
        start.terminal?.resize(columns: 111, rows: 33)
        try eventually("its size is ctr's") {
          start.kill(SIGWINCH)  // each time: it may not listen yet
          return try Terminal.size(of: "/proc/\(task.pid)/fd/0") == [111, 33]
        }
        try start.terminal?.pressControlC()
        #expect(try start.wait().status == 130)
      }
    }

    @Test func anExecOnATerminal() throws {
      try Containerd.run { containerd in
        try containerd.runTask("shim-test")
        let shell = try containerd.spawnCtr(
          Self.exec("e", "sh", "-c", "PS1='ready: ' exec sh -i", flags: ["--tty"]),
          terminal: Terminal())
        try shell.output.wait(for: "a prompt") { $0.text.contains("ready: ") }
        try shell.terminal?.type("test -t 0 && echo is-a-$((6 * 7))\n")
        try shell.output.wait(for: "an answer") { $0.text.contains("is-a-42") }
        try shell.terminal?.type("sleep 1000\(getpid())\n")
        try Processes.wait(for: ["sleep", "1000\(getpid())"])
        try shell.terminal?.pressControlC()
        try shell.output.wait(for: "CTRL-C") { $0.text.contains("^C") }
        try shell.terminal?.type("exit 9\n")
        #expect(try shell.wait().status == 9)
        try containerd.endTask("shim-test")
      }
    }
  }
}
