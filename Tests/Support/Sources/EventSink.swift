// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
package import SwiftProtobuf

/// A stand-in for containerd's events service: takes what shims forward, and keeps it while it is
/// away. Serves on a thread of its own.
package final class EventSink {
  private let path: String
  private let received = Received()
  private var server: Server?

  package init(path: String) throws {
    self.path = path
    try serve()
  }

  deinit { stop() }

  package var envelopes: [Envelope] { received.envelopes }
  package var topics: [String] { envelopes.map(\.topic) }

  /// Hands over what has come, for those who would otherwise gather millions.
  package func takeAll() -> [Envelope] { received.takeAll() }

  /// The topics of a container's events; in all of them its id is the first field.
  package func topics(of container: String) throws -> [String] {
    try envelopes.filter {
      try Wire.parse([UInt8]($0.event.value)).bytes[1] == Array(container.utf8)
    }.map(\.topic)
  }

  /// The last event of a topic.
  package func last<Event: Message>(_ topic: String, as type: Event.Type) throws -> Event {
    guard let envelope = envelopes.last(where: { $0.topic == topic }) else {
      throw TestFailure("no \(topic) among \(topics)")
    }
    return try Event(serializedBytes: envelope.event.value)
  }

  /// An event of containerd's own.
  package func publish(_ topic: String, _ event: some Message) {
    received.append(
      .with {
        $0.topic = topic
        $0.event = .init(packing: event)
      })
  }

  /// Comes back, as containerd does after a restart.
  package func serve() throws {
    unlink(path)
    let server = try Server(path, received)
    Thread.detachNewThread { server.serve() }
    self.server = server
  }

  /// Goes away: after this call nothing is taken any more.
  package func stop() {
    unlink(path)
    server?.stop()
    server = nil
  }

  private final class Received: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [Envelope] = []

    var envelopes: [Envelope] { lock.withLock { list } }
    func takeAll() -> [Envelope] {
      lock.withLock {
        defer { list = [] }
        return list
      }
    }
    func append(_ envelope: Envelope) { lock.withLock { list.append(envelope) } }
  }

  private final class Server: @unchecked Sendable {
    private let listener: Handle
    private let received: Received
    private let condition = NSCondition()
    private var isStopped = false
    private var hasEnded = false

    init(_ path: String, _ received: Received) throws {
      self.received = received
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      let socket = try Handle(Foundation.socket(AF_UNIX, type, 0), "socket")
      guard try withUnixAddress(path, { bind(socket.number, $0, $1) }) == 0,
        listen(socket.number, 16) == 0
      else { throw TestFailure("listen on \(path): \(String(cString: strerror(errno)))") }
      listener = socket
    }

    /// Returns when the thread has ended.
    func stop() {
      condition.withLock {
        isStopped = true
        shutdown(listener.number, Int32(SHUT_RDWR))  // wakes it
        while !hasEnded { condition.wait() }
      }
    }

    func serve() {
      var clients: [Int32: [UInt8]] = [:]
      while !condition.withLock({ isStopped }) {
        var requests = ([listener.number] + clients.keys).map {
          pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&requests, nfds_t(requests.count), 50)
        for request in requests where request.revents != 0 {
          if request.fd == listener.number {
            let client = accept(listener.number, nil, nil)
            if client >= 0 {
              _ = fcntl(client, F_SETFD, FD_CLOEXEC)
              clients[client] = []
            }
          } else if !take(from: request.fd, &clients[request.fd, default: []]) {
            close(request.fd)
            clients[request.fd] = nil
          }
        }
      }
      for client in clients.keys { close(client) }
      condition.withLock {
        hasEnded = true
        condition.signal()
      }
    }

    /// Answers each whole frame. False at the end.
    private func take(from client: Int32, _ bytes: inout [UInt8]) -> Bool {
      var buffer = [UInt8](repeating: 0, count: 16 * 1024)
      let count = read(client, &buffer, buffer.count)
      if count <= 0 { return false }
      bytes += buffer[..<count]
      while bytes.count >= 10 {
        let length = Int(Wire.number(bytes[..<4]))
        guard bytes.count >= 10 + length else { break }
        guard let request = try? Wire.parse(Array(bytes[10..<10 + length])),
          let forward = try? ForwardRequest(serializedBytes: request.bytes[3] ?? [])
        else { return false }
        received.append(forward.envelope)
        let answer = Wire.frame(
          stream: Wire.number(bytes[4..<8]), type: Wire.response, [])
        _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
        bytes.removeFirst(10 + length)
      }
      return true
    }
  }
}
