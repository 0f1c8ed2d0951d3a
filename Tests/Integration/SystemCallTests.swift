// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// What the hot paths ask of the kernel. Counted by the kernel itself (proc(5), `/proc/PID/io`), so
  /// that it does not depend on the machine's speed.
  @Suite struct SystemCallTests {
    private static let count = 200

    @Test func aCallIsReadAndAnsweredAtOnce() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let request = StateRequest.with { $0.id = "a" }
        let shim = try client.shimPID
        try eventually("the event is delivered") { host.events.topics == ["/tasks/create"] }
        _ = try Footprint.whenAsleep(shim)
        let before = try SystemCalls(of: shim)
        for _ in 1...Self.count { let _: StateResponse = try client.call("State", request) }
        let after = try SystemCalls(of: shim)
        #expect(after.reads - before.reads == Self.count)
        #expect(after.writes - before.writes == Self.count)
        #expect(after.sleeps - before.sleeps <= Self.count + 1)
        _ = try client.delete("a")
      }
    }

    /// Input and output of `cat`, one piece after the other.
    @Test func aPieceIsReadAndWrittenOnce() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        let (input, output) = ("\(host.folder.path)/in", "\(host.folder.path)/out")
        for fifo in [input, output] { try Files.makeFifo(fifo) }
        let reader = try Collector(fifo: output)
        let writer = try Handle.open(input, O_RDWR)
        let process = StartRequest.with {
          $0.id = "a"
          $0.execID = "cat"
        }
        let _: Google_Protobuf_Empty = try client.call(
          "Exec",
          ExecProcessRequest.with {
            $0.id = process.id
            $0.execID = process.execID
            $0.stdin = input
            $0.stdout = output
            $0.spec.value = Data(#"{"cwd":"/","args":["cat"],"env":["PATH=/usr/bin:/bin"]}"#.utf8)
          })
        let _: StartResponse = try client.call("Start", process)

        func pass(_ pieces: Int) throws {
          for _ in 1...pieces {
            let wanted = reader.bytes.count + 1024
            try writer.write([UInt8](repeating: UInt8(ascii: "x"), count: 1024))
            try reader.wait(for: "a piece") { $0.bytes.count == wanted }
          }
        }
        try pass(1)
        try eventually("the events are delivered") { host.events.topics.count == 4 }
        let shim = try client.shimPID
        _ = try Footprint.whenAsleep(shim)
        let before = try SystemCalls(of: shim)
        try pass(Self.count)
        let after = try SystemCalls(of: shim)
        #expect(after.reads - before.reads == 2 * Self.count)
        #expect(after.writes - before.writes == 2 * Self.count)

        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
      }
    }
  }
}

/// How often a process has read and written so far, and slept.
private struct SystemCalls {
  let reads: Int
  let writes: Int
  let sleeps: Int

  init(of pid: Int32) throws {
    guard let reads = Processes.number("syscr", of: pid, in: "io"),
      let writes = Processes.number("syscw", of: pid, in: "io")
    else { throw TestFailure("/proc/\(pid)/io: no counts") }
    self.reads = reads
    self.writes = writes
    sleeps = try Footprint(of: pid).sleeps
  }
}
