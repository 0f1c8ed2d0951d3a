// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

@testable import Stdio

/// Both directions of a terminal, which share its one descriptor.
@Suite(.serialized) final class TerminalInputTests {
  private let harness: StdioHarness
  private let io: ProcessIO
  /// The process's end, which changes no bytes.
  private let process: Descriptor
  private let reader: ClientEnd
  private var writer: ClientEnd?

  init() throws {
    harness = try StdioHarness()
    let (input, output) = (harness.makeFifo("stdin"), harness.makeFifo("stdout"))
    var pair = try TerminalPair()
    process = try pair.process.duplicate()
    try process.setNonblocking()
    var settings = termios()
    tcgetattr(process.number, &settings)
    cfmakeraw(&settings)
    tcsetattr(process.number, TCSANOW, &settings)
    io = try ProcessIO(
      harness.hub, StdioPaths(stdin: input, stdout: output, stderr: ""), terminal: true)
    try io.attach(try pair.takeOurs())
    reader = ClientEnd(reading: output)
    var connected = false
    io.connect { error in connected = error == nil }
    harness.run { connected }
    writer = ClientEnd(writing: input)
  }

  private func print(_ text: String) { #expect((try? process.write(Array(text.utf8).span)) != nil) }

  private func read(_ text: String) {
    var all: [UInt8] = []
    harness.run {
      all += reader.read() ?? []
      return all == Array(text.utf8)
    }
  }

  @Test func theEndOfTheInputIsNotThatOfTheOutput() throws {
    writer?.write("typed")
    harness.run { process.readableBytes == 5 }
    print("one")
    read("one")
    writer = nil
    io.closeStdin()
    harness.settle()
    print("two")
    read("two")
    try io.resize(columns: 80, rows: 25)
    io.processExited()
    harness.run { io.isDrained }
    #expect(reader.read() == nil)
    try io.resize(columns: 81, rows: 25)  // open until Delete
  }

  @Test func theEndOfTheOutputIsNotThatOfTheInput() {
    io.processExited()
    harness.run { io.isDrained }
    writer?.write("typed")  // by who took over the terminal
    harness.run { process.readableBytes == 5 }
  }

  /// Who prints waits: a terminal's output is not made to gather, however busy it is.
  @Test func whatIsPrintedIsRelayedInTheSameTurn() {
    for turn in 1...20 {
      print("x")
      harness.loop.runOnce()
      #expect(io.bytesRelayed == UInt64(turn))
    }
  }

  /// The client does not read: nothing is lost when it does, and what is typed comes meanwhile.
  @Test func aFullOutputHoldsUpNoInput() {
    let line = [UInt8](repeating: 0x78, count: 1000)
    var printed = 0
    harness.run {
      let count = write(process.number, line, line.count)
      printed += max(0, count)
      return count < 0 && io.bytesRelayed >= 32 << 10
    }
    writer?.write("typed")
    harness.run { process.readableBytes == 5 }
    var seen = 0
    io.processExited()
    harness.run {
      guard let bytes = reader.read() else { return true }
      seen += bytes.count
      return false
    }
    #expect(seen == printed)
  }

  @Test func closeLetsGoOfTheOnlyDescriptor() throws {
    io.close()
    var byte: UInt8 = 0
    #expect(Glibc.read(process.number, &byte, 1) == 0, "a hang-up: the master is closed")
  }
}
