// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Standard input that is no FIFO: files and devices, as containerd's own shim takes them.
  @Suite struct InputKindTests {
    private static let numbers = (1...50_000).map { "\($0)\n" }.joined()

    /// Runs a command with this input in the sample.
    ///
    /// - Returns: what it printed, and its exit status.
    private func output(
      of script: String, stdin: (ShimHost) throws -> String, terminal: Bool = false,
      closesInput: Bool = false
    ) throws -> (text: String, status: UInt32) {
      var result = ("", UInt32.max)
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        let fifo = "\(host.folder.path)/out"
        try Files.makeFifo(fifo)
        let reader = try Collector(fifo: fifo)
        let process = StartRequest.with {
          $0.id = "a"
          $0.execID = "e"
        }
        let args = String(
          decoding: try JSONEncoder().encode(["sh", "-c", script]), as: UTF8.self)
        let request = try ExecProcessRequest.with {
          $0.id = "a"
          $0.execID = "e"
          $0.terminal = terminal
          $0.stdin = try stdin(host)
          $0.stdout = fifo
          $0.spec.value = Data(#"{"cwd":"/","args":\#(args),"env":["PATH=/usr/bin:/bin"]}"#.utf8)
        }
        let _: Google_Protobuf_Empty = try client.call("Exec", request)
        let _: StartResponse = try client.call("Start", process)
        if closesInput {
          let _: Google_Protobuf_Empty = try client.call(
            "CloseIO",
            CloseIORequest.with {
              $0.id = "a"
              $0.execID = "e"
              $0.stdin = true
            })
        }
        try reader.wait(for: "the end of the output") { $0.hasEnded }
        let exit: WaitResponse = try client.call(
          "Wait",
          WaitRequest.with {
            $0.id = "a"
            $0.execID = "e"
          })
        let _: DeleteResponse = try client.call(
          "Delete",
          DeleteRequest.with {
            $0.id = "a"
            $0.execID = "e"
          })
        result = (reader.text, exit.exitStatus)
        let shim = try client.shimPID
        try eventually("nobody reads the input any more") {
          Processes.children(of: shim) == [Int32(try client.state("a").pid)]
        }
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
      }
      return result
    }

    private func file(_ text: String) -> (ShimHost) throws -> String {
      { host in
        try host.folder.write("input", text)
        return "\(host.folder.path)/input"
      }
    }

    @Test(arguments: [false, true]) func aFile(closesInput: Bool) throws {
      let result = try output(
        of: "cat; exit 3", stdin: file(Self.numbers), closesInput: closesInput)
      #expect(result.text == Self.numbers)
      #expect(result.status == 3)
    }

    @Test func aFileIsTypedOnATerminal() throws {
      let result = try output(
        of: "read line; echo \"<$line>\"", stdin: file("typed\n"), terminal: true)
      #expect(result.text.contains("<typed>"))
      #expect(result.status == 0)
    }

    @Test func nothing() throws {
      let result = try output(of: "cat; exit 3", stdin: { _ in "/dev/null" })
      #expect(result == ("", 3))
    }

    /// It ends when the process reads no more, or with CloseIO.
    @Test func aDeviceWithoutEnd() throws {
      var result = try output(of: "head -c 1000000 | wc -c", stdin: { _ in "/dev/zero" })
      #expect(result == ("1000000\n", 0))
      result = try output(
        of: "cat >/dev/null; echo end", stdin: { _ in "/dev/zero" }, closesInput: true)
      #expect(result == ("end\n", 0))
    }

    /// As with containerd's own shim.
    @Test func aFolderIsEmpty() throws {
      #expect(try output(of: "cat; exit 5", stdin: { $0.folder.path }) == ("", 5))
    }
  }
}
