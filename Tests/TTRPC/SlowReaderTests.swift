// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

/// Clients that ask and do not read.
struct SlowReaderTests {
  private let harness: Harness
  private let peer: Peer

  init() throws {
    harness = try Harness()
    peer = try harness.connect()
  }

  @Test func aFloodPausesReadingAndNothingIsLost() throws {
    let size = 10_000
    let count = 2000
    let calls = (0..<UInt32(count)).map { request($0 * 2 + 1, "long", stringValue("\(size)")) }
    var unsent = calls.flatMap(\.bytes)[...]

    // Offers until the server takes no more.
    var handled = -1
    while handled != harness.calls.count {
      handled = harness.calls.count
      unsent = unsent.dropFirst(try peer.offer(unsent))
      try harness.loop.drain()
    }
    let queued = try #require(harness.server?.queuedBytes)
    #expect((1 << 20) < queued && queued <= (1 << 20) + size + 30)
    #expect(handled < 200)

    // Everybody else is served as ever.
    let other = try harness.connect()
    #expect(
      try harness.exchange(other, request(1, "echo", stringValue("hi")).bytes, replies: 1)
        == [response(1, "hi")])
    #expect(harness.calls.count == handled + 1)

    var received: [WireFrame] = []
    try harness.loop.drive {
      unsent = unsent.dropFirst(try peer.offer(unsent))
      received += try peer.receive()
      return received.count == count || peer.isClosed
    }
    #expect(!peer.isClosed)
    #expect(received.map(\.streamID) == calls.map(\.streamID))
    #expect(received.allSatisfy { $0.payload.count == size + 6 })
    #expect(harness.server?.queuedBytes == 0)
  }

  /// Requests that were read before the pause are not forgotten when no more bytes come.
  @Test func requestsAlreadyReadAreHandledAfterThePause() throws {
    let calls = (0..<UInt32(60)).map { request($0 * 2 + 1, "long", stringValue("100000")) }
    try harness.send(peer, calls.flatMap(\.bytes))
    try harness.loop.drain()
    #expect(harness.calls.count < 20)
    #expect(try harness.receive(peer, 60).map(\.streamID) == calls.map(\.streamID))
  }

  @Test func readingResumesWhenHalfIsOut() throws {
    try harness.send(
      peer, (0..<UInt32(60)).flatMap { request($0 * 2 + 1, "long", stringValue("100000")).bytes })
    try harness.loop.drain()
    let handled = harness.calls.count
    // The kernel's buffer is drained in steps: a call is handled only when half a MiB is out.
    var buffer = 0
    while harness.calls.count == handled {
      let queued = try #require(harness.server?.queuedBytes)
      #expect(queued > 1 << 19)
      buffer += try peer.receiveBytes().count
      try harness.loop.drain()
    }
    #expect(buffer > 1 << 19)
  }

  @Test func fewBytesDoNotMakeManyLongReplies() throws {
    let calls = (0..<UInt32(100)).map { request($0 * 2 + 1, "long", stringValue("4000000")) }
    try harness.send(peer, calls.flatMap(\.bytes))
    try harness.loop.drain()
    #expect(harness.calls.count == 1)
    let queued = try #require(harness.server?.queuedBytes)
    #expect(queued < 4_100_000)
  }

  @Test func answersThatComeLaterPauseReadingToo() throws {
    try harness.hold(
      peer, (0..<200).map { request($0 * 2 + 1, "hold", stringValue("\($0)")) })
    for held in harness.held.values { held.send(String(repeating: "x", count: 10_000)) }
    try harness.send(peer, request(401, "echo").bytes)
    try harness.loop.drain()
    #expect(harness.calls.count == 200)
    #expect(try harness.receive(peer, 201).last == response(401, ""))
  }

  @Test func flushWritesWhatFits() throws {
    try harness.hold(peer, [request(1, "hold", stringValue("a"))])
    harness.held["a"]?.send(String(repeating: "x", count: 400_000))
    let before = try #require(harness.server?.queuedBytes)
    #expect(before > 0)
    _ = try peer.receiveBytes()
    harness.server?.flush()
    let after = try #require(harness.server?.queuedBytes)
    #expect(after < before)
  }

  /// Whoever empties the queue, what was read before the pause still gets its turn.
  @Test func aFlushDuringThePauseEndsIt() throws {
    try harness.send(
      peer, (0..<UInt32(60)).flatMap { request($0 * 2 + 1, "long", stringValue("100000")).bytes })
    try harness.loop.drain()
    let handled = harness.calls.count
    var bytes: [UInt8] = []
    while let server = harness.server, server.queuedBytes > 0 {
      bytes += try peer.receiveBytes()
      server.flush()
    }
    #expect(harness.calls.count == handled)
    try harness.loop.drive {
      bytes += try peer.receiveBytes()
      return bytes.count >= 60 * 100_000
    }
    #expect(harness.calls.count == 60)
  }

  @Test func aFullClientThatLeavesIsNoticed() throws {
    try harness.send(
      peer, (0..<UInt32(60)).flatMap { request($0 * 2 + 1, "long", stringValue("100000")).bytes })
    try harness.loop.drain()
    peer.hangUp()
    try harness.loop.drive { harness.closings == 1 }
    #expect(harness.server?.connectionCount == 0)
    #expect(harness.server?.queuedBytes == 0)
  }
}
