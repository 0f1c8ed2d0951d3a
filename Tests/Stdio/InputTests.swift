// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

@testable import Stdio

/// The standard input of a process whose part is played by the test.
@Suite(.serialized) final class InputTests {
  private let harness: StdioHarness
  private let path: String
  private let io: ProcessIO
  private let process: Descriptor

  init() throws {
    harness = try StdioHarness()
    path = harness.makeFifo("stdin")
    io = try ProcessIO(harness.hub, StdioPaths(stdin: path, stdout: "", stderr: ""))
    process = Descriptor(owning: fcntl(io.childDescriptors[0], F_DUPFD_CLOEXEC, 3))
    try process.setNonblocking()
    io.closeChildEnds()
  }

  /// What the process can read; nil at the end of its input.
  private func read() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(process.number, &buffer, buffer.count)
    return count == 0 ? nil : String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  private func connect() {
    var connected = false
    io.connect { error in connected = error == nil }
    #expect(connected, "input needs no client to be there")
  }

  @Test func aClientThatDetachesIsNotTheEnd() throws {
    connect()
    for text in ["one", "two"] {
      let client = ClientEnd(writing: path)
      client.write(text)
      harness.run { read() == text }
      _ = consume client
      harness.settle()
      #expect(read() == "")
    }
  }

  /// A busy relay that waits for its turn outlives what it relays for.
  @Test func aCloseBeforeTheNextTurn() throws {
    var pipe = try Pipe()
    let process = pipe.takeReadEnd()
    try process.setNonblocking()
    let sink = pipe.takeWriteEnd()
    var input: InputStream? = try InputStream(
      harness.hub, path: path, sink: RelayOutput(Watch(harness.loop, sink), isPipe: true))
    let client = ClientEnd(writing: path)
    client.write("one")
    harness.run { process.readableBytes == 3 }
    client.write("two")
    harness.loop.runOnce()
    input?.close()
    input = nil
    _ = consume process
    harness.settle()  // a turn now would fail, and tell somebody who is gone
  }

  @Test func endAfterClientThenCloseIO() throws {
    connect()
    var client: ClientEnd? = ClientEnd(writing: path)
    client?.write("all")
    client = nil
    harness.settle()
    io.closeStdin()
    harness.run { read() == "all" }
    harness.run { read() == nil }
  }

  @Test func endAfterCloseIOThenClient() throws {
    connect()
    var client: ClientEnd? = ClientEnd(writing: path)
    harness.settle()
    io.closeStdin()
    harness.settle()
    client?.write("more")
    harness.run { read() == "more" }
    client = nil
    harness.run { read() == nil }
  }

  @Test func closeIOBeforeConnectIsRemembered() throws {
    io.closeStdin()
    connect()
    harness.run { read() == nil }
  }

  @Test func closeIOTwiceIsHarmless() throws {
    connect()
    io.closeStdin()
    io.closeStdin()
    harness.run { read() == nil }
  }

  /// A process that has closed its input must not leave the client blocked in a full FIFO.
  @Test func aProcessThatReadsNoMoreGivesTheClientAnError() throws {
    connect()
    let client = ClientEnd(writing: path)
    _ = dup2(open("/dev/null", O_RDONLY), process.number)
    client.write("x")
    harness.run {
      Glibc.write(client.descriptor.number, "y", 1) == -1 && errno == EPIPE
    }
  }
}
