// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import SwiftProtobuf
import TTRPC
import Testing

import struct SystemPackage.Errno

/// The client against a server that is written by hand.
struct ClientTests {
  private let loop = EventLoop()
  private let directory = TemporaryDirectory()

  private final class Outcome {
    var result: Result<[UInt8], Status>?
    var isDone: Bool { result != nil }
  }

  private func call(
    _ client: Client, _ method: String = "M", payload: [UInt8] = [],
    timeout: Duration = .seconds(5), metadata: [(key: String, value: String)] = []
  ) -> Outcome {
    let outcome = Outcome()
    client.call(
      service: "s.S", method: method, payload: payload, timeout: timeout, metadata: metadata
    ) {
      #expect(outcome.result == nil)
      outcome.result = $0
    }
    #expect(outcome.result == nil)
    return outcome
  }

  private func listen() throws -> Descriptor {
    unlink(directory.socket)
    return try UnixSocket.listen(path: directory.socket, backlog: 8)
  }

  /// As many whole frames as the client is expected to send.
  private func requests(_ peer: Peer, _ count: Int) throws -> [WireFrame] {
    var frames: [WireFrame] = []
    try loop.drive {
      frames += try peer.receive()
      return frames.count >= count
    }
    return frames
  }

  private func answer(_ peer: Peer, _ bytes: [UInt8]) throws {
    #expect(try peer.offer(bytes) == bytes.count)
  }

  @Test func aRequestLooksAsTheProtocolSays() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcome = call(client, payload: [1, 2], metadata: [(key: "k", value: "v")])
    let peer = Peer(try UnixSocket.accept(listener))
    // 5 s are 0x12a05f200 ns.
    #expect(
      try peer.receiveBytes()
        == hex("0000001a 00000001 01 00 0a03") + text("s.S") + hex("1201") + text("M")
        + hex("1a02 0102 20 80e497d012 2a06 0a01") + text("k") + hex("1201") + text("v"))
    try answer(peer, hex("00000004 00000001 02 00 1202 aabb"))
    try loop.drive { outcome.isDone }
    #expect(outcome.result == .success([0xaa, 0xbb]))
  }

  @Test func callsInFlightAreAnsweredInAnyOrderAndInPieces() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcomes = ["A", "B", "C"].map { call(client, $0) }
    let peer = Peer(try UnixSocket.accept(listener))
    #expect(try requests(peer, 3).map(\.streamID) == [1, 3, 5])
    #expect(client.callsInFlight == 3)
    // The last one first, an unknown stream, then a reply cut in two.
    try answer(peer, hex("00000000 00000005 02 00  00000000 00000063 02 00  00000004 000000"))
    try loop.drive { outcomes[2].isDone }
    #expect(outcomes[2].result == .success([]))
    try answer(peer, hex("03 02 00 1202 cccc  00000004 00000001 02 00 1202 aaaa"))
    try loop.drive { outcomes[0].isDone }
    #expect(outcomes[1].result == .success([0xcc, 0xcc]))
    #expect(outcomes[0].result == .success([0xaa, 0xaa]))
    #expect(client.callsInFlight == 0)
  }

  @Test func aStatusIsAFailureOfThatCallOnly() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcomes = (0..<5).map { call(client, "\($0)") }
    let peer = Peer(try UnixSocket.accept(listener))
    try answer(peer, failure(1, 5, "gone").bytes)
    try answer(peer, failure(3, 99, "odd").bytes)
    try answer(peer, hex("00000002 00000005 02 00 0a05"))
    try answer(peer, hex("00000000 00000007 03 05") + hex("00000000 00000007 09 00"))
    try answer(peer, response(9, "fine").bytes)
    try loop.drive { outcomes[4].isDone }
    #expect(outcomes[0].result == .failure(Status(code: .notFound, message: "gone")))
    #expect(outcomes[1].result == .failure(Status(code: .unknown, message: "odd")))
    guard case .failure(let status) = outcomes[2].result else { return #expect(Bool(false)) }
    #expect(status.code == .internal)
    #expect(!outcomes[3].isDone)
    #expect(outcomes[4].result == .success(stringValue("fine")))
  }

  @Test func aReplyOver4MiBFailsAndTheConnectionLives() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcomes = [call(client), call(client)]
    let peer = Peer(try UnixSocket.accept(listener))
    var unsent =
      (hex("00400001 00000001 02 00") + [UInt8](repeating: 0, count: 4_194_305)
      + Seen.empty)[...]
    unsent[unsent.endIndex - 3] = 3
    try loop.drive {
      unsent = unsent.dropFirst(try peer.offer(unsent))
      return outcomes[1].isDone
    }
    #expect(
      outcomes[0].result
        == .failure(
          Status(
            code: .resourceExhausted,
            message: "message length 4194305 exceed maximum message size of 4194304")))
    #expect(outcomes[1].result == .success([]))
  }

  @Test func aRequestOver4MiBIsNotSent() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcome = call(client, payload: [UInt8](repeating: 0, count: 4_194_304))
    try loop.drive { outcome.isDone }
    guard case .failure(let status) = outcome.result else { return #expect(Bool(false)) }
    #expect(status.code == .resourceExhausted)
    #expect(throws: Errno.wouldBlock) { _ = try UnixSocket.accept(listener) }
  }

  @Test func aTimeoutGivesUpAndALateReplyIsIgnored() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let late = call(client, timeout: .milliseconds(20))
    let patient = call(client)
    let peer = Peer(try UnixSocket.accept(listener))
    try loop.drive { late.isDone }
    let expected = Status(code: .deadlineExceeded, message: "context deadline exceeded")
    #expect(late.result == .failure(expected))
    try answer(peer, response(1, "late").bytes + response(3, "x").bytes)
    try loop.drive { patient.isDone }
    let next = call(client)
    #expect(try requests(peer, 3).map(\.streamID) == [1, 3, 5])
    try answer(peer, response(5, "y").bytes)
    try loop.drive { next.isDone }
    let expired = call(client, timeout: .zero)
    try loop.drive { expired.isDone }
    #expect(expired.result == .failure(expected))
  }

  @Test func aClosedConnectionFailsItsCallsAndTheNextDialsAnew() throws {
    var listener: Descriptor? = try listen()
    let client = Client(loop, path: directory.socket)
    let outcomes = [call(client), call(client)]
    do {
      let peer = Peer(try UnixSocket.accept(listener!))
      _ = try requests(peer, 2)
    }
    listener = nil
    try loop.drive { outcomes[1].isDone }
    for outcome in outcomes {
      #expect(outcome.result == .failure(Status(code: .unavailable, message: "ttrpc: closed")))
    }

    let again = try listen()
    let next = call(client)
    let peer = Peer(try UnixSocket.accept(again))
    #expect(try requests(peer, 1).map(\.streamID) == [1])
    try answer(peer, response(1, "new").bytes)
    try loop.drive { next.isDone }
    #expect(next.result == .success(stringValue("new")))
  }

  /// The event outbox calls again from the completion.
  @Test func aCompletionMayCallAgain() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let second = Outcome()
    client.call(service: "s.S", method: "M", payload: [], timeout: .seconds(5)) { _ in
      client.call(service: "s.S", method: "N", payload: [], timeout: .seconds(5)) {
        second.result = $0
      }
    }
    do { _ = Peer(try UnixSocket.accept(listener)) }  // and closes it
    var peer: Peer?
    try loop.drive {
      if let socket = try? UnixSocket.accept(listener) { peer = Peer(socket) }
      return peer != nil
    }
    try answer(try #require(peer), hex("00000000 00000001 02 00"))
    try loop.drive { second.isDone }
    #expect(second.result == .success([]))
  }

  @Test func aClientMayGoInTheMiddleOfATurn() throws {
    let listener = try listen()
    var client: Client? = Client(loop, path: directory.socket)
    var completions = 0
    for _ in 0..<2 {
      client?.call(service: "s.S", method: "M", payload: [], timeout: .milliseconds(50)) { _ in
        completions += 1
        client = nil
      }
    }
    let peer = Peer(try UnixSocket.accept(listener))
    try answer(peer, hex("00000000 00000001 02 00 00000000 00000003 02 00"))
    try loop.drive {
      _ = try peer.receive()
      return peer.isClosed
    }
    #expect(completions == 1)
  }

  @Test func withoutAServerACallIsUnavailable() throws {
    let client = Client(loop, path: directory.socket)
    let missing = call(client)
    try loop.drive { missing.isDone }
    do { _ = try listen() }  // and closes it: the name stays
    let refused = call(client)
    try loop.drive { refused.isDone }
    for outcome in [missing, refused] {
      guard case .failure(let status) = outcome.result else { return #expect(Bool(false)) }
      #expect(status.code == .unavailable)
    }
  }

  @Test func aBusyServerIsUnavailable() throws {
    let listener = try UnixSocket.listen(path: directory.socket, backlog: 0)
    let first = try UnixSocket.connect(path: directory.socket)
    let client = Client(loop, path: directory.socket)
    let outcome = call(client)
    try loop.drive { outcome.isDone }
    guard case .failure(let status) = outcome.result else { return #expect(Bool(false)) }
    #expect(status.code == .unavailable)
    _ = (listener.number, first.number)
  }

  @Test func anIdleClientHasNoTimer() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let outcome = call(client)
    #expect(loop.watchCount == 2)  // reading, and the timeout
    let peer = Peer(try UnixSocket.accept(listener))
    try answer(peer, hex("00000000 00000001 02 00"))
    try loop.drive { outcome.isDone }
    #expect(loop.watchCount == 1)
    client.close()
    #expect(loop.watchCount == 0)
  }

  @Test func callsToAServerThatDoesNotReadHaveALimit() throws {
    let listener = try listen()
    let client = Client(loop, path: directory.socket)
    let payload = [UInt8](repeating: 0, count: 1_000_000)
    let outcomes = (0..<3).map { _ in call(client, payload: payload) }
    try loop.drive { outcomes[2].isDone }
    guard case .failure(let status) = outcomes[2].result else { return #expect(Bool(false)) }
    #expect(status.code == .resourceExhausted)
    let peer = Peer(try UnixSocket.accept(listener))
    #expect(try requests(peer, 2).map(\.payload.count).allSatisfy { $0 > 1_000_000 })
  }

  @Test func clientAndServerUnderstandEachOther() throws {
    let harness = try Harness()
    let client = Client(harness.loop, path: harness.directory.socket)
    var result: Result<[UInt8], Status>?
    client.call(
      service: "test.Service", method: "echo", payload: Google_Protobuf_StringValue("hello"),
      timeout: .seconds(5)
    ) { result = $0 }
    try harness.loop.drive { result != nil }
    #expect(result == .success(stringValue("hello")))
  }
}
