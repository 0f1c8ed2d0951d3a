// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Output that goes to a file, or to a program that the shim starts.
  @Suite struct LoggerTests {
    /// Says that it is ready, and writes what it gets to files that are named like it.
    static let careful = """
      printf '%s\\n' "$@" >$0.arguments
      tr '\\0' '\\n' </proc/$$/environ >$0.environment
      readlink /proc/$$/fd/{0,1,2} >$0.streams
      echo >&5
      exec 5>&-
      cat <&4 >$0.err &
      cat <&3 >$0.out
      wait
      """

    /// A logger in the host's folder.
    static func make(_ path: String, _ script: String) throws {
      try "#!/bin/bash\n\(script)\n".write(toFile: path, atomically: false, encoding: .utf8)
      guard chmod(path, 0o755) == 0 else { throw TestFailure("chmod \(path)") }
    }

    /// A created container, and a logger for its execs.
    static func run(
      _ script: String, _ body: (ShimHost, ShimClient, _ logger: String) throws -> Void
    ) throws {
      try ShimHost.run { host in
        let logger = "\(host.folder.path)/logger"
        try make(logger, script)
        let client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        try body(host, client, logger)
      }
    }

    private static func add(
      _ client: ShimClient, _ command: String, stdout: String, terminal: Bool = false
    ) throws -> StartRequest {
      let spec: [String: Any] = [
        "args": ["sh", "-c", command], "cwd": "/", "env": ["PATH=/bin"], "terminal": terminal,
      ]
      let exec = try ExecProcessRequest.with {
        $0.id = "a"
        $0.execID = "e"
        $0.stdout = stdout
        $0.stderr = stdout
        $0.terminal = terminal
        $0.spec.value = try JSONSerialization.data(withJSONObject: spec)
      }
      let _: Google_Protobuf_Empty = try client.call("Exec", exec)
      return StartRequest.with {
        $0.id = "a"
        $0.execID = "e"
      }
    }

    /// An exec, to its end.
    /// - Returns: its exit status.
    static func exec(
      _ client: ShimClient, _ command: String, stdout: String, terminal: Bool = false
    ) throws -> UInt32 {
      let start = try add(client, command, stdout: stdout, terminal: terminal)
      let _: StartResponse = try client.call("Start", start)
      let wait: WaitResponse = try client.call(
        "Wait",
        WaitRequest.with {
          $0.id = "a"
          $0.execID = "e"
        })
      return wait.exitStatus
    }

    private static let deleteRequest = DeleteRequest.with {
      $0.id = "a"
      $0.execID = "e"
    }

    static func delete(_ client: ShimClient) throws {
      let _: DeleteResponse = try client.call("Delete", deleteRequest)
    }

    static func log(_ host: ShimHost) throws -> Collector {
      Collector(try Handle.open("\(host.bundle("a"))/log", O_RDWR | O_NONBLOCK))
    }

    private static func lives(_ logger: String) -> Bool {
      Processes.allPIDs().contains { Processes.commandLine(of: $0).contains(logger) }
    }

    @Test func aLoggerGetsEveryByte() throws {
      try Self.run(Self.careful) { host, client, logger in
        let status = try Self.exec(
          client, "seq 1 200000; echo errors >&2; exit 3",
          stdout: "binary-v2://\(logger)?id=5&flag&a%20b=c+d")
        #expect(status == 3)
        try Self.delete(client)
        // It had ended by itself before Delete was answered: all is written.
        let lines = (1...200_000).map { "\($0)\n" }.joined()
        #expect(Files.read("\(logger).out") == lines)
        #expect(Files.read("\(logger).err") == "errors\n")
        #expect(Files.read("\(logger).arguments") == "id\n5\nflag\n\na b\nc d\n")
        #expect(
          Files.read("\(logger).environment")
            == "CONTAINER_ID=e\nCONTAINER_NAMESPACE=\(host.namespace)\n")
        #expect(Files.read("\(logger).streams") == "/dev/null\n/dev/null\n/dev/null\n")
        let left = Processes.descriptors(of: try client.shimPID).values
        #expect(!left.contains { $0.contains(logger) })
      }
    }

    @Test func aLoggerOfATerminal() throws {
      try Self.run(Self.careful) { _, client, logger in
        let status = try Self.exec(
          client, "test -t 1 && seq 1 20000", stdout: "binary://\(logger)", terminal: true)
        #expect(status == 0)
        try Self.delete(client)
        #expect(Files.read("\(logger).out") == (1...20_000).map { "\($0)\r\n" }.joined())
        #expect(Files.read("\(logger).err") == "")
      }
    }

    @Test func deleteWaitsForASlowLogger() throws {
      let script = "exec 5>&-; until test -e $0.go; do sleep 0.02; done; cat <&3 >$0.out"
      try Self.run(script) { _, client, logger in
        #expect(try Self.exec(client, "echo last words", stdout: "binary://\(logger)") == 0)
        let delete = try client.begin("Delete", Self.deleteRequest)
        #expect(try client.state("a").status == .running)
        #expect(client.unclaimed.isEmpty)
        try "".write(toFile: "\(logger).go", atomically: false, encoding: .utf8)
        _ = try client.finish(delete)
        #expect(Files.read("\(logger).out") == "last words\n")
      }
    }

    /// The process goes on: neither SIGPIPE nor a full pipe.
    @Test(arguments: [("exit 3", 0), ("dd bs=1000 count=100 iflag=fullblock <&3 >$0.out", 100_000)])
    func aLoggerThatDies(_ script: String, _ taken: Int) throws {
      try Self.run("exec 5>&-; \(script)") { host, client, logger in
        let log = try Self.log(host)
        let status = try Self.exec(
          client, "head -c 1000000 /dev/zero && echo >&2", stdout: "binary://\(logger)")
        #expect(status == 0)
        try Self.delete(client)
        try log.wait(for: "its warning") { $0.text.contains("dropped_bytes=\(1_000_001 - taken)") }
        let warnings = log.lines.filter { $0.contains("the logger has exited") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("id=e") ?? false)
        #expect(warnings.first?.contains("level=warning") ?? false)
      }
    }

    @Test func aLoggerThatMustSayThatItIsReady() throws {
      try Self.run("exit 0") { _, client, logger in
        let start = try Self.add(client, "true", stdout: "binary-v2://\(logger)")
        let refusal = try client.refusal("Start", start)
        #expect(refusal.code == RPCError.unknown)
        #expect(
          refusal.message.hasSuffix(
            "logging binary did not call ready (it may have crashed or exited prematurely)"))
        try Self.delete(client)
        let missing = try Self.add(client, "true", stdout: "binary:///nonexistent")
        #expect(
          try client.refusal("Start", missing).message.contains(
            "failed to start binary process: fork/exec /nonexistent: no such file or directory"))
      }
    }

    @Test func aLoggerThatIsNotReadyHoldsUpNobody() throws {
      try ShimHost.run { host in
        let logger = "\(host.folder.path)/logger"
        try Self.make(logger, "exec -a $0 sleep 1000")
        let client = try host.launch("a")
        let create = try client.begin(
          "Create", host.createRequest("a", stdout: "binary://\(logger)"))
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        try eventually("the logger runs") { Self.lives(logger) }
        // As containerd does when its client gives up.
        #expect(try client.refusal("Delete", DeleteRequest.with { $0.id = "a" }).code == 5)
        #expect(throws: RPCError.self) { _ = try client.finish(create) }
        try eventually("the logger is gone") { !Self.lives(logger) }
        try client.shutdown("a")
        #expect(host.events.topics == [])
      }
    }

    /// It has the ten seconds that any output has, is told to end, and twelve seconds later is killed.
    /// Nobody waits for that but the shim.
    @Test func aLoggerThatDoesNotEnd() throws {
      let script = "trap '>$0.term' TERM; exec 5>&-; while :; do sleep 0.1; done"
      try Self.run(script) { _, client, logger in
        let shim = try client.shimPID
        #expect(try Self.exec(client, "echo unread", stdout: "binary://\(logger)") == 0)
        try Self.delete(client)
        try eventually("it was told to end") { Files.exists("\(logger).term") }
        #expect(Self.lives(logger))
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
        try client.shutdown("a")
        try eventually("the shim has ended") { Processes.isGone(shim) }
        #expect(!Self.lives(logger))
      }
    }
  }
}
