// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import TTRPC
import Testing

/// When and how often replies travel, and what becomes of those that cannot.
struct ReplyTests {
  private let harness: Harness
  private let peer: Peer

  init() throws {
    harness = try Harness()
    peer = try harness.connect()
  }

  @Test func repliesGoOutInTheOrderOfCompletion() throws {
    try harness.hold(
      peer, [request(1, "wait", stringValue("a")), request(3, "hold", stringValue("b"))])
    #expect(
      try harness.exchange(peer, request(5, "echo", stringValue("c")).bytes, replies: 1)
        == [response(5, "c")])
    #expect(harness.server?.requestsInFlight == 2)
    harness.held["b"]?.send("B")
    harness.held["a"]?.send("A")
    #expect(try harness.receive(peer, 2) == [response(3, "B"), response(1, "A")])
    #expect(harness.server?.requestsInFlight == 0)
  }

  @Test func connectionsAreServedApart() throws {
    let other = try harness.connect()
    try harness.hold(peer, [request(1, "hold", stringValue("a"))])
    try harness.hold(other, [request(1, "hold", stringValue("b"))])
    harness.held["a"]?.send("A")
    harness.held["b"]?.send("B")
    #expect(try harness.receive(peer, 1) == [response(1, "A")])
    #expect(try harness.receive(other, 1) == [response(1, "B")])
  }

  /// Packets show the writes: one packet is what one call of write gave.
  @Test func theRepliesOfATurnAreOneWrite() throws {
    let harness = try Harness { path in packetSocket { connectOrListen($0, path, .listen) } }
    let peer = Peer(
      packetSocket { connectOrListen($0, harness.directory.socket, .connect) })
    let calls = [1, 3, 5].map { request($0, "echo", stringValue("\($0)")) }
    try harness.send(peer, calls.flatMap(\.bytes))
    try harness.loop.drive { harness.calls.count == 3 }
    var packet = [UInt8](repeating: 0, count: 1000)
    packet = Array(packet[..<recv(peer.socket.number, &packet, 1000, 0)])
    #expect(
      WireFrame.parse(&packet) == [response(1, "1"), response(3, "3"), response(5, "5")])
  }

  @Test func aDroppedReplyIsAnswered() throws {
    #expect(
      try harness.exchange(peer, request(1, "drop").bytes, replies: 1)
        == [failure(1, 13, "request was dropped")])
    try harness.hold(peer, [request(3, "hold", stringValue("later"))])
    harness.held = [:]
    #expect(try harness.receive(peer, 1) == [failure(3, 13, "request was dropped")])
    #expect(harness.server?.requestsInFlight == 0)
  }

  @Test func aReplyAfterTheConnectionClosedGoesNowhere() throws {
    try harness.hold(
      peer, [request(1, "hold", stringValue("sent")), request(3, "hold", stringValue("dropped"))])
    let sent = try #require(harness.held["sent"])
    #expect(sent.isConnected)
    peer.hangUp()
    try harness.loop.drive { harness.closings == 1 }
    #expect(!sent.isConnected)
    #expect(harness.held.isEmpty)
    #expect(harness.server?.requestsInFlight == 1)
    sent.send("nobody hears")
    #expect(harness.server?.requestsInFlight == 0)
    #expect(harness.server?.connectionCount == 0)
  }

  /// Whoever answers many callers in a loop must not see its list change under it.
  @Test func aFailingWriteTellsFromTheLoopOnly() throws {
    try harness.hold(
      peer,
      ["a", "b", "c"].enumerated().map {
        request(UInt32($0 * 2 + 1), "wait", stringValue($1))
      })
    peer.hangUp()
    for held in harness.held.values {
      held.send("nobody hears")
      #expect(harness.closings == 0)
    }
    try harness.loop.drive { harness.closings == 1 }
    #expect(harness.server?.connectionCount == 0)
  }

  @Test func fiveThousandWaitsGoWithTheirConnection() throws {
    let other = try harness.connect()
    try harness.hold(other, [request(1, "wait", stringValue("other"))])
    try harness.hold(peer, (0..<5000).map { request($0 * 2 + 1, "wait", stringValue("\($0)")) })
    #expect(harness.server?.requestsInFlight == 5001)
    peer.hangUp()
    try harness.loop.drive { harness.closings == 1 }
    #expect(Array(harness.held.keys) == ["other"])
    #expect(harness.server?.requestsInFlight == 1)
    harness.held["other"]?.send("still here")
    #expect(try harness.receive(other, 1) == [response(1, "still here")])
  }

  @Test func theServerMayGoInTheMiddleOfATurn() throws {
    let calls = ["hold", "vanish", "echo"].enumerated().map { request(UInt32($0 * 2 + 1), $1) }
    try harness.hold(peer, [calls[0]])
    try harness.send(peer, (calls[1].bytes + calls[2].bytes))
    try harness.loop.drive {
      _ = try peer.receive()
      return peer.isClosed
    }
    #expect(harness.calls == ["hold", "vanish"])
    harness.held[""]?.send("nobody hears")
  }
}

private enum Role { case connect, listen }

private func packetSocket(_ use: (Int32) -> Void) -> Descriptor {
  let number = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue), 0)
  let descriptor = Descriptor(owning: number)
  use(number)
  return descriptor
}

private func connectOrListen(_ socket: Int32, _ path: String, _ role: Role) {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  let result = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      let size = socklen_t(MemoryLayout<sockaddr_un>.size)
      return role == .connect ? connect(socket, $0, size) : bind(socket, $0, size)
    }
  }
  #expect(result == 0)
  if role == .listen { #expect(listen(socket, 4) == 0) }
}
