// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import SwiftProtobuf
import TTRPC
import Testing

import struct SystemPackage.Errno

struct TimedOut: Error {}

extension EventLoop {
  /// Runs handlers until the condition holds; it is looked at after each turn.
  func drive(until condition: () throws -> Bool) throws {
    var isLate = false
    let guardian = Timer(self) { isLate = true }
    guardian.schedule(after: .seconds(10))
    while try !condition() {
      if isLate { throw TimedOut() }
      runOnce()
    }
  }

  /// Runs what is due now.
  func drain() throws {
    var isDone = false
    let timer = Timer(self) { isDone = true }
    // A millisecond: the sockets that are ready go first.
    timer.schedule(after: .milliseconds(1))
    try drive { isDone }
  }
}

/// A directory that goes with the value.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/ttrpc-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    _ = unlink(socket)
    _ = rmdir(path)
  }

  var socket: String { path + "/s" }
}

/// One side of a connection that speaks raw bytes and never blocks.
final class Peer {
  let socket: Descriptor
  private(set) var isClosed = false
  private var input: [UInt8] = []

  init(_ socket: consuming Descriptor) { self.socket = socket }

  /// The other side sees the end, as after a close.
  func hangUp() { shutdown(socket.number, Int32(SHUT_RDWR)) }

  /// Sends what fits and answers how much that was.
  func offer(_ bytes: some Collection<UInt8>) throws -> Int {
    do {
      return try socket.write(Array(bytes.prefix(1 << 18)).span)
    } catch .wouldBlock {
      return 0
    }
  }

  /// Everything that has arrived.
  func receiveBytes() throws -> [UInt8] {
    var all = input
    input = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !isClosed {
      let count = buffer.withUnsafeMutableBytes { read(socket.number, $0.baseAddress, $0.count) }
      if count < 0 && errno == EAGAIN { break }
      if count <= 0 { isClosed = true } else { all += buffer[..<count] }
    }
    return all
  }

  /// The whole frames that have arrived.
  func receive() throws -> [WireFrame] {
    var all = try receiveBytes()
    defer { input = all }
    return WireFrame.parse(&all)
  }
}

/// A server of test methods at a temporary path, and raw clients of it.
///
/// Methods of test.Service, all on StringValue: `echo`; `hold`, which answers when told to; `wait`,
/// the same but long-running; `drop`; `long`, which answers with as many bytes as asked for;
/// `vanish`, which drops the server in the middle of its turn.
final class Harness {
  let loop = EventLoop()
  let directory = TemporaryDirectory()
  var server: Server?
  /// Unanswered `hold` and `wait` calls by what they were sent.
  var held: [String: Held] = [:]
  var calls: [String] = []
  var closings = 0

  /// An escaping closure cannot consume a reply: it is taken from here.
  final class Held {
    var reply: Reply?
    init(_ reply: consuming Reply) { self.reply = consume reply }
    var isConnected: Bool { reply?.isConnected ?? false }
    var timeLeft: Duration? { reply?.timeLeft ?? nil }
    func send(_ string: String) { reply.take()?.send(Google_Protobuf_StringValue(string)) }
    func fail(_ status: Status) { reply.take()?.fail(status) }
  }

  convenience init(limits: Server.Limits = .init()) throws {
    try self.init(limits: limits) { path in try UnixSocket.listen(path: path, backlog: 64) }
  }

  /// - Parameter listen: makes the listener at a path.
  init(limits: Server.Limits = .init(), listen: (String) throws -> Descriptor) throws {
    server = Server(
      loop, listener: try listen(directory.socket), router: makeRouter(), limits: limits)
    server?.onConnectionClosed = { [unowned self] in
      closings += 1
      held = held.filter { $0.value.isConnected }
    }
  }

  private func makeRouter() -> Router {
    let router = Router()
    func register(
      _ method: String, longRunning: Bool = false,
      _ handler: @escaping (String, consuming Reply) -> Void
    ) {
      router.register(service: "test.Service", method: method, longRunning: longRunning) {
        [unowned self] payload, reply in
        payload.decode(reply) { (request: Google_Protobuf_StringValue, reply: consuming Reply) in
          calls.append(method)
          handler(request.value, reply)
        }
      }
    }
    register("echo") { $1.send(Google_Protobuf_StringValue($0)) }
    register("empty") { $1.sendEmpty() }
    register("fail") { $1.fail(Status(code: .notFound, message: $0)) }
    register("drop") { _, reply in _ = consume reply }
    register("vanish") { [unowned self] _, reply in
      server = nil
      reply.sendEmpty()
    }
    register("hold") { [unowned self] in held[$0] = Held($1) }
    register("wait", longRunning: true) { [unowned self] in held[$0] = Held($1) }
    register("long") {
      $1.send(Google_Protobuf_StringValue(String(repeating: "x", count: Int($0) ?? 0)))
    }
    return router
  }

  func connect() throws -> Peer { Peer(try UnixSocket.connect(path: directory.socket)) }

  /// Sends all of it and waits for as many frames.
  func exchange(_ peer: Peer, _ bytes: [UInt8], replies: Int) throws -> [WireFrame] {
    try send(peer, bytes)
    return try receive(peer, replies)
  }

  /// Holds calls: waits until the handlers have them.
  func hold(_ peer: Peer, _ calls: [WireFrame]) throws {
    let before = self.calls.count
    try send(peer, calls.flatMap(\.bytes))
    try loop.drive { self.calls.count == before + calls.count }
  }

  func send(_ peer: Peer, _ bytes: [UInt8]) throws {
    var rest = bytes[...]
    try loop.drive {
      rest = rest.dropFirst(try peer.offer(rest))
      return rest.isEmpty
    }
  }

  func receive(_ peer: Peer, _ count: Int) throws -> [WireFrame] {
    var frames: [WireFrame] = []
    try loop.drive {
      frames += try peer.receive()
      return frames.count >= count || peer.isClosed
    }
    return frames
  }
}
