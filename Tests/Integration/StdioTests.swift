// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// FIFOs: containerd's rules for clients that come late, leave and come back.
  @Suite struct StdioTests {
    /// A FIFO and a task that writes to it, with its reader.
    static func launch(_ host: ShimHost) throws -> (ShimClient, Collector?, String) {
      let output = "\(host.folder.path)/out"
      try Files.makeFifo(output)
      let client = try host.launch("a")
      let reader = try Collector(fifo: output)
      try host.create(client, "a", stdout: output)
      return (client, reader, output)
    }

    @Test func createWaitsForReaders() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let names = ["out", "err"].map { "\(host.folder.path)/\($0)" }
        try names.forEach(Files.makeFifo)
        let create = try client.begin(
          "Create", host.createRequest("a", stdout: names[0], stderr: names[1]))
        // Answers come in the order of completion: one to a later question shows that it waits.
        #expect(try client.connect("a").taskPid == 0)
        let out = try Collector(fifo: names[0])
        #expect(try client.connect("a").taskPid == 0)
        #expect(host.events.topics == [])
        let errors = try Collector(fifo: names[1])
        let pid = try client.finish(create, as: CreateTaskResponse.self).pid
        #expect(try client.connect("a").taskPid == pid)
        #expect(out.bytes == [] && errors.bytes == [])
      }
    }

    @Test func outputWaitsForItsReader() throws {
      try ShimHost.run { host in
        var (client, reader, output) = try Self.launch(host)
        let command = try client.start("a")
        try reader?.wait(for: "a date", AttachTests.showsADate)
        #expect(reader?.lines.count == 1)

        // Nobody reads: neither EPIPE nor the end, and nothing is lost.
        reader = nil
        try Self.writeAs(command, "while nobody read\n", client)
        let second = try Collector(fifo: output)
        try second.wait(for: "the line") { $0.text.contains("while nobody read\n") }
        #expect(!second.hasEnded)
        #expect(try client.state("a").status == .running)

        // Its last words, and then the end, at once and without a Delete.
        try Self.writeAs(command, "last words\n", client)
        try client.kill("a", 9)
        _ = try client.wait("a")
        try second.waitForEnd()
        #expect(second.lines.contains("last words"))
        #expect(try client.delete("a").exitStatus == 137)
      }
    }

    /// Writes to the pipe that is a process's standard output, and waits until the shim has taken it.
    static func writeAs(
      _ pid: Int32, _ text: String, _ shim: ShimClient, _ id: String = "a"
    ) throws {
      let pipe = try Handle.open("/proc/\(pid)/fd/1", O_WRONLY)
      try pipe.write(Array(text.utf8))
      try eventually("the shim has read it") { pipe.readableBytes == 0 }
      _ = try shim.state(id)  // its turn is over
    }

    @Test func lastWordsWaitForALateReader() throws {
      try ShimHost.run { host in
        var (client, reader, output) = try Self.launch(host)
        let command = try client.start("a")
        try reader?.wait(for: "a date", AttachTests.showsADate)
        reader = nil
        try Self.writeAs(command, "last words\n", client)
        try client.kill("a", 9)
        _ = try client.wait("a")
        let late = try Collector(fifo: output)
        try late.waitForEnd()
        #expect(late.lines.contains("last words"))
      }
    }

    @Test func manyBytesArriveWhole() throws {
      try ShimHost.run { host in
        let (client, first, _) = try Self.launch(host)
        let reader = try #require(first)
        let command = try client.start("a")
        try reader.wait(for: "a date", AttachTests.showsADate)
        // No date may come in between: the writer's blocks end within a line.
        kill(command, SIGSTOP)
        reader.clear()
        let writer = try Subprocess([
          "sh", "-c", "seq 1 300000 >/proc/\(command)/fd/1",
        ])
        try reader.wait(for: "all lines") { $0.bytes.count >= 1_988_895 }
        #expect(try writer.wait().status == 0)
        #expect(reader.lines == (1...300_000).map(String.init))
      }
    }

    @Test func closeIOClosesTheInput() throws {
      try ShimHost.run { host in
        let input = "\(host.folder.path)/in"
        try Files.makeFifo(input)
        let client = try host.launch("a")
        let shim = try client.shimPID
        let _: CreateTaskResponse = try client.call(
          "Create", host.createRequest("a", stdin: input))
        let command = try client.start("a")
        func holders() -> Int {
          Processes.descriptors(of: shim).values.filter { $0 == input }.count
        }
        #expect(holders() == 2)  // reader and keeper
        let end = try #require(Processes.descriptors(of: command)[0])
        #expect(end.hasPrefix("pipe:"))

        var writer: Handle? = try Handle.open(input, O_WRONLY)
        try writer?.write(Array("ignored\n".utf8))
        let close = CloseIORequest.with {
          $0.id = "a"
          $0.stdin = true
        }
        let _: Google_Protobuf_Empty = try client.call("CloseIO", close)
        let _: Google_Protobuf_Empty = try client.call("CloseIO", close)
        #expect(holders() == 1)
        #expect(Processes.descriptors(of: shim).values.contains(end))
        writer = nil
        _ = writer
        try eventually("the input has ended") { holders() == 0 }
        #expect(!Processes.descriptors(of: shim).values.contains(end))
        #expect(try client.state("a").status == .running)
      }
    }

    @Test func unusablePathsAreRefused() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let missing = try client.refusal(
          "Create", host.createRequest("a", stdout: "\(host.folder.path)/missing"))
        #expect(missing.code == RPCError.notFound)
        for (name, code) in [
          ("relative", RPCError.invalidArgument), ("nonsense:///x", RPCError.unknown),
          ("binary:true", RPCError.invalidArgument),
        ] {
          let refusal = try client.refusal("Create", host.createRequest("a", stdout: name))
          #expect(refusal.code == code)
        }
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        try eventually("no process is left of them") {
          Processes.children(of: try client.shimPID) == []
        }
        #expect(host.events.topics == [])
      }
    }
  }
}
