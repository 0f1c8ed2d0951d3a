// SPDX-License-Identifier: Apache-2.0

import Support
import Testing

/// Loggers that hand their input to others and exit: what these read is not taken from them.
extension Integration.LoggerTests {
  @Test(arguments: ["", "setsid", "setsid --fork"])
  func aLoggerWithSuccessors(how: String) throws {
    let script = """
      \(how) cat <&3 >$0.out 4<&- 5>&- &
      \(how) cat <&4 >$0.err 3<&- 5>&- &
      """
    try Self.run(script) { host, client, logger in
      let log = try Self.log(host)
      // Longer than it takes to look who reads, and more than a pipe holds.
      let status = try Self.exec(
        client, "for i in $(seq 1 20); do seq 1 2000; sleep 0.02; done; echo last >&2",
        stdout: "binary://\(logger)")
      #expect(status == 0)
      try Self.delete(client)
      // They had ended by then.
      let lines = (1...2000).map { "\($0)\n" }.joined()
      #expect(Files.read("\(logger).out") == String(repeating: lines, count: 20))
      #expect(Files.read("\(logger).err") == "last\n")
      try log.wait(for: "the end") { $0.text.contains("msg=deleted") }
      #expect(log.text.contains("dropped_bytes=0"))
      #expect(!log.text.contains("the logger has exited"))
    }
  }

  /// They are gone before the process is: it goes on.
  @Test func successorsThatDie() throws {
    let script = "head -c 1000 <&3 >$0.out 4<&- 5>&- &"
    try Self.run(script) { host, client, logger in
      let log = try Self.log(host)
      let status = try Self.exec(
        client, "head -c 1000000 /dev/zero && echo >&2", stdout: "binary://\(logger)")
      #expect(status == 0)
      try Self.delete(client)
      #expect(Files.read("\(logger).out")?.utf8.count == 1000)
      try log.wait(for: "its warning") { $0.text.contains("the logger has exited") }
    }
  }
}
