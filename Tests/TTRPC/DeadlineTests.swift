// SPDX-License-Identifier: Apache-2.0

import EventLoop
import TTRPC
import Testing

private let millisecond: Int64 = 1_000_000

struct DeadlineTests {
  private let harness: Harness
  private let peer: Peer

  init() throws {
    harness = try Harness()
    peer = try harness.connect()
  }

  @Test(arguments: ["hold", "wait"]) func theServerAnswersForALateHandler(method: String) throws {
    try harness.hold(peer, [request(1, method, stringValue("a"), timeout: 20 * millisecond)])
    let held = try #require(harness.held["a"])
    #expect(held.isConnected)
    #expect(try harness.receive(peer, 1) == [failure(1, 4, "context deadline exceeded")])
    // The owner was told, and dropped it; but we hold it.
    #expect(harness.closings == 1)
    #expect(harness.held.isEmpty)
    #expect(!held.isConnected)
    #expect(harness.server?.requestsInFlight == 1)
    held.send("too late")
    #expect(harness.server?.requestsInFlight == 0)
    #expect(
      try harness.exchange(peer, request(3, "echo", stringValue("x")).bytes, replies: 1)
        == [response(3, "x")])
  }

  @Test func anExpiredRequestNeverReachesItsHandler() throws {
    #expect(
      try harness.exchange(peer, request(1, "echo", timeout: -1).bytes, replies: 1)
        == [failure(1, 4, "context deadline exceeded")])
    #expect(harness.calls.isEmpty)
  }

  @Test func deadlinesPassInTheirOrder() throws {
    try harness.hold(
      peer,
      [
        request(1, "hold", stringValue("a"), timeout: 60 * millisecond),
        request(3, "hold", stringValue("b"), timeout: 20 * millisecond),
        request(5, "hold", stringValue("c")),
        request(7, "hold", stringValue("d"), timeout: 40 * millisecond),
      ])
    #expect(try harness.receive(peer, 3).map(\.streamID) == [3, 7, 1])
    #expect(Array(harness.held.keys) == ["c"])
  }

  @Test func aTimerRunsOnlyWhileADeadlineIsPending() throws {
    _ = try harness.exchange(peer, request(1, "empty").bytes, replies: 1)
    let idle = harness.loop.watchCount
    try harness.hold(
      peer,
      [
        request(3, "hold", stringValue("a"), timeout: .max),
        request(5, "hold", stringValue("b"), timeout: 3600_000 * millisecond),
      ])
    #expect(harness.loop.watchCount == idle + 1)
    let left = try #require(harness.held["b"]?.timeLeft)
    #expect(.seconds(3590) < left && left <= .seconds(3600))
    harness.held["b"]?.send("")
    #expect(harness.loop.watchCount == idle + 1)
    harness.held["a"]?.send("")
    #expect(harness.loop.watchCount == idle)
    #expect(try harness.receive(peer, 2).count == 2)
  }

  @Test func aDeadlineAfterTheConnectionClosedIsNothing() throws {
    try harness.hold(peer, [request(1, "hold", stringValue("a"), timeout: 30 * millisecond)])
    let held = try #require(harness.held["a"])
    peer.hangUp()
    try harness.loop.drive { harness.closings == 2 }  // of the connection, then of the deadline
    held.send("nobody hears")
    #expect(harness.server?.requestsInFlight == 0)
  }
}
