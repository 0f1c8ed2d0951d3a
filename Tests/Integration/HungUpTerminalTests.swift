// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Terminals that nobody has open for a while, and what they cost a shim.
  @Suite struct HungUpTerminalTests {
    /// An exec of the sample on a terminal, with FIFOs of ours at its ends.
    private struct Exec {
      let client: ShimClient
      let shim: Int32
      let output: Collector
      let input: Handle
      private let gate: String

      /// - Parameter script: `$t` is its terminal, `$gate` a FIFO that ends when the test says so.
      init(_ host: ShimHost, input hasInput: Bool = true, _ script: String) throws {
        client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        shim = try client.shimPID
        gate = "\(host.folder.path)/gate"
        let (inputPath, outputPath) = ("\(host.folder.path)/in", "\(host.folder.path)/out")
        for fifo in [gate, inputPath, outputPath] { try Files.makeFifo(fifo) }
        output = try Collector(fifo: outputPath)
        input = try Handle.open(inputPath, O_RDWR)
        let spec: [String: Any] = [
          "cwd": "/", "args": ["sh", "-c", "t=$(tty); gate=\(gate); \(script)"],
          "env": ["PATH=/usr/bin:/bin"], "terminal": true,
        ]
        let request = try ExecProcessRequest.with {
          $0.id = "a"
          $0.execID = "e"
          $0.terminal = true
          $0.stdin = hasInput ? inputPath : ""
          $0.stdout = outputPath
          $0.spec.value = try JSONSerialization.data(withJSONObject: spec)
        }
        let _: Google_Protobuf_Empty = try client.call("Exec", request)
        let _: StartResponse = try client.call(
          "Start",
          StartRequest.with {
            $0.id = "a"
            $0.execID = "e"
          })
      }

      /// The shim's descriptors of masters.
      var masters: Int {
        Processes.descriptors(of: shim).values.count { $0.hasSuffix("ptmx") }
      }

      /// Ends the exec alone.
      func delete() throws {
        let kill = KillRequest.with {
          $0.id = "a"
          $0.execID = "e"
          $0.signal = 9
        }
        let process = WaitRequest.with {
          $0.id = "a"
          $0.execID = "e"
        }
        let _: Google_Protobuf_Empty = try client.call("Kill", kill)
        let _: WaitResponse = try client.call("Wait", process)
        let _: DeleteResponse = try client.call("Delete", process)  // its fields are Wait's
      }

      func openGate() throws { _ = try Handle.open(gate, O_WRONLY) }

      func end() throws {
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
      }
    }

    /// What closes the script's terminal until the gate opens.
    private static let hangUp = "exec </dev/null >/dev/null 2>&1; cat $gate"

    @Test(arguments: [true, false]) func aTerminalHasOneDescriptor(hasInput: Bool) throws {
      try ShimHost.run { host in
        let exec = try Exec(host, input: hasInput, "echo here; sleep 100000")
        try exec.output.wait(for: "its output") { $0.text.contains("here") }
        #expect(exec.masters == 1)
        try exec.delete()
        #expect(exec.masters == 0)
        try exec.end()
      }
    }

    /// It is not looked at while nobody has it open, and relayed at once when somebody has: the process,
    /// or a stranger.
    @Test func aHangUpWakesNobody() throws {
      try ShimHost.run { host in
        let exec = try Exec(
          host, "echo $t; \(Self.hangUp); echo again >$t; sleep 100000")
        try exec.output.wait(for: "its name") { $0.text.hasSuffix("\r\n") }
        let path = exec.output.text.trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try Footprint.whenAsleep(exec.shim)
        try exec.openGate()
        try exec.output.wait(for: "the process") { $0.text.contains("again") }
        _ = try Footprint.whenAsleep(exec.shim)
        try Handle.open(path, O_WRONLY | O_NOCTTY).write(Array("stranger".utf8))
        try exec.output.wait(for: "a stranger") { $0.text.contains("stranger") }
        _ = try Footprint.whenAsleep(exec.shim)
        try exec.end()
      }
    }

    /// More than a terminal has room for.
    @Test func whatIsTypedMeanwhileIsKept() throws {
      let count = 40_000
      try ShimHost.run { host in
        let exec = try Exec(
          host,
          "stty raw -echo; echo ready; \(Self.hangUp); echo got $(head -c \(count) <$t | wc -c) >$t"
        )
        try exec.output.wait(for: "the process") { $0.text.contains("ready") }
        try exec.input.write([UInt8](repeating: UInt8(ascii: "x"), count: count))
        _ = try Footprint.whenAsleep(exec.shim)
        try exec.openGate()
        try exec.output.wait(for: "all of it") { $0.text.contains("got \(count)") }
        try exec.end()
      }
    }
  }
}
