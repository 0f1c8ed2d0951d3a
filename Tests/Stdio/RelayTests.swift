// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

import struct SystemPackage.Errno

@testable import Stdio

@Suite(.serialized) struct RelayTests {
  /// Writes in pieces of any size against a reader that reads any amount: splices, copies, full
  /// outputs and grown pipes all occur, and the stream comes out as it went in.
  @Test(arguments: [1, 2, 3]) func everyByteInOrder(_ seed: UInt64) throws {
    let harness = try StdioHarness()
    var random = Random(state: seed)
    var source = try Pipe()
    var sink = try Pipe()
    let writer = source.takeWriteEnd()
    let reader = sink.takeReadEnd()
    try writer.setNonblocking()
    try reader.setNonblocking()
    let relayInput = source.takeReadEnd()
    let relayOutput = sink.takeWriteEnd()
    try relayInput.setNonblocking()
    try relayOutput.setNonblocking()
    var end: RelayEnd?
    let output = RelayOutput(Watch(harness.loop, relayOutput), isPipe: true)
    let relay = PipeRelay(harness.hub, from: relayInput, to: output) { end = $0 }

    let total = 8 << 20
    var written = 0
    var read = 0
    var writerIsOpen: Descriptor? = consume writer
    harness.run {
      if written < total {
        let size = min(
          total - written, random.next() % 3 == 0 ? random.next() % 200_000 : random.next() % 300)
        let piece = (written..<written + size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        written += (try? writerIsOpen?.write(piece.span)) ?? 0
      } else {
        writerIsOpen = nil
      }
      if random.next() % 4 != 0 {
        var buffer = [UInt8](repeating: 0, count: 1 + random.next() % 150_000)
        let count = max(0, Glibc.read(reader.number, &buffer, buffer.count))
        for index in 0..<count
        where buffer[index] != UInt8(truncatingIfNeeded: (read + index) &* 31 >> 3) {
          Issue.record("byte \(read + index) is wrong")
          return true
        }
        read += count
      }
      return read == total && end != nil
    }
    #expect(end == .inputEnded)
    #expect(relay.output.bytesRelayed == UInt64(total))
  }

  @Test func aBrokenOutputIsTold() throws {
    let harness = try StdioHarness()
    var source = try Pipe()
    var sink = try Pipe()
    let writer = source.takeWriteEnd()
    let input = source.takeReadEnd()
    try input.setNonblocking()
    _ = sink.takeReadEnd()
    var end: RelayEnd?
    let output = RelayOutput(Watch(harness.loop, sink.takeWriteEnd()), isPipe: true)
    let relay = PipeRelay(harness.hub, from: input, to: output) { end = $0 }
    _ = try writer.write(Array("x".utf8).span)
    harness.run { end != nil }
    #expect(end == .outputFailed(.brokenPipe))
    _ = try writer.write([UInt8](repeating: 0, count: 50_000).span)
    harness.run { relay.output.bytesDropped >= 50_000 }
  }
}

/// xorshift: the same numbers for the same seed.
private struct Random {
  var state: UInt64
  mutating func next() -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33)
  }
}
