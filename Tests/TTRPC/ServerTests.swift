// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import TTRPC
import Testing

import struct SystemPackage.Errno

struct ServerTests {
  private func harness(_ change: (inout Server.Limits) -> Void) throws -> Harness {
    var limits = Server.Limits()
    change(&limits)
    return try Harness(limits: limits)
  }

  @Test func requestsOverTheLimitAreRefused() throws {
    let harness = try harness { $0.requests = 2 }
    let peer = try harness.connect()
    let other = try harness.connect()
    try harness.hold(
      peer, [request(1, "hold", stringValue("a")), request(3, "hold", stringValue("b"))])
    let refused = failure(1, 8, "the limit of 2 requests in flight is reached")
    #expect(try harness.exchange(other, request(1, "echo").bytes, replies: 1) == [refused])
    try harness.hold(other, [request(3, "wait", stringValue("c"))])
    harness.held["a"]?.send("")
    #expect(
      try harness.exchange(other, request(5, "echo").bytes, replies: 1) == [response(5, "")])
  }

  @Test func longRunningRequestsHaveALimitOfTheirOwn() throws {
    let harness = try harness { $0.longRunning = 1 }
    let peer = try harness.connect()
    try harness.hold(peer, [request(1, "wait", stringValue("a"))])
    let bytes = request(3, "wait").bytes + request(5, "echo").bytes
    #expect(
      try harness.exchange(peer, bytes, replies: 2)
        == [failure(3, 8, "the limit of 1 waiting calls is reached"), response(5, "")])
    harness.held["a"]?.fail(Status(code: .notFound, message: "gone"))
    try harness.hold(peer, [request(7, "wait", stringValue("b"))])
    #expect(try harness.receive(peer, 1) == [failure(1, 5, "gone")])
  }

  @Test func connectionsOverTheLimitAreClosed() throws {
    let harness = try harness { $0.connections = 2 }
    let peers = try (0..<3).map { _ in try harness.connect() }
    #expect(try harness.exchange(peers[2], [], replies: 1).isEmpty)
    #expect(peers[2].isClosed)
    #expect(harness.server?.connectionCount == 2)
    peers[0].hangUp()
    try harness.loop.drive { harness.closings == 1 }
    let late = try harness.connect()
    for peer in [peers[1], late] {
      #expect(
        try harness.exchange(peer, request(1, "empty").bytes, replies: 1) == [response(1, "")])
    }
  }

  /// What a probe does: connects and leaves, or leaves in the middle of a frame.
  @Test(arguments: [[], hex("000000"), hex("00000005 00000001 01 00 0a")])
  func aConnectionThatLeavesIsHarmless(bytes: [UInt8]) throws {
    let harness = try harness { _ in }
    let peer = try harness.connect()
    try harness.loop.drive { harness.server?.connectionCount == 1 }
    try harness.send(peer, bytes)
    try harness.loop.drain()
    peer.hangUp()
    try harness.loop.drive { harness.server?.connectionCount == 0 }
    #expect(harness.closings == 1)
    #expect(harness.calls.isEmpty)
  }

  /// A close with unread bytes is a reset at the other end.
  @Test func aConnectionThatIsResetCloses() throws {
    let harness = try harness { _ in }
    do {
      let peer = try harness.connect()
      try harness.hold(peer, [request(1, "empty")])
    }
    try harness.loop.drive { harness.closings == 1 }
    #expect(harness.server?.connectionCount == 0)
  }

  @Test func aStoppedServerServesItsConnections() throws {
    let harness = try harness { _ in }
    let peer = try harness.connect()
    _ = try harness.exchange(peer, request(1, "empty").bytes, replies: 1)
    harness.server?.stop()
    #expect(throws: Errno.connectionRefused) { _ = try harness.connect() }
    #expect(
      try harness.exchange(peer, request(3, "empty").bytes, replies: 1) == [response(3, "")])
    peer.hangUp()
    try harness.loop.drive { harness.closings == 1 }
  }

  @Test func anIdleServerHasNoTimer() throws {
    let harness = try harness { _ in }
    #expect(harness.loop.watchCount == 1)  // the listener
  }

  /// In a process of its own: the limit of descriptors is the process's.
  @Test func withoutDescriptorsTheServerDoesNotSpin() async {
    await #expect(processExitsWith: .success) {
      let harness = try Harness()
      let first = try harness.connect()
      _ = try harness.exchange(first, request(1, "empty").bytes, replies: 1)
      let second = try harness.connect()
      var limit = rlimit(rlim_cur: 0, rlim_max: rlim_t(OpenFileLimit.current.hard))
      let open = rlim_t(OpenFileLimit.current.soft)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      try harness.send(second, request(1, "empty").bytes)

      var turns = 0
      var isOver = false
      let timer = Timer(harness.loop) { isOver = true }
      timer.schedule(after: .milliseconds(450))
      while !isOver {
        harness.loop.runOnce()
        turns += 1
      }
      // Once at first, and then every 100 ms.
      precondition(turns < 15, "\(turns) turns")
      precondition(harness.server?.connectionCount == 1)

      limit.rlim_cur = open
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let replies = try harness.receive(second, 1)
      precondition(replies == [response(1, "")])
    }
  }

  @Test func aClosedConnectionMakesRoomAtOnce() async {
    await #expect(processExitsWith: .success) {
      var limits = Server.Limits()
      limits.acceptPause = .seconds(3600)
      let harness = try Harness(limits: limits)
      let first = try harness.connect()
      _ = try harness.exchange(first, request(1, "empty").bytes, replies: 1)
      let second = try harness.connect()
      // The lowest number that is free: the one that accept would get.
      let next = UInt64(dup(0))
      close(Int32(next))
      var limit = rlimit(rlim_cur: rlim_t(next), rlim_max: rlim_t(OpenFileLimit.current.hard))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      try harness.send(second, request(1, "empty").bytes)
      try harness.loop.drain()
      precondition(harness.server?.connectionCount == 1)
      first.hangUp()
      let replies = try harness.receive(second, 1)
      precondition(replies == [response(1, "")])
    }
  }

  /// In a process of its own: the group is the process's.
  @Test(.enabled(if: geteuid() == 0)) func aStrangerGetsNothing() async {
    await #expect(processExitsWith: .success) {
      let harness = try Harness()
      let own = getegid()
      setegid(own + 1)
      let stranger = try harness.connect()
      try harness.send(stranger, request(1, "empty").bytes)
      setegid(own)
      let replies = try harness.receive(stranger, 1)
      precondition(replies.isEmpty)
      precondition(stranger.isClosed)
      precondition(harness.server?.connectionCount == 0)
      precondition(harness.calls.isEmpty)
    }
  }
}
