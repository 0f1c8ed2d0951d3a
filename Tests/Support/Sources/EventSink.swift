// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
internal import SwiftProtobuf

/// A stand-in for containerd's events service: takes what a shim without containerd forwards.
/// Serves on a thread of its own until it is dropped.
package final class EventSink {
  private let state: State

  package init(path: String) throws {
    state = try State(path)
    Thread.detachNewThread { [state] in state.serve() }
  }

  deinit { state.stop() }

  package var envelopes: [Envelope] { state.received }
  package var topics: [String] { envelopes.map(\.topic) }

  private final class State: @unchecked Sendable {
    private let listener: Handle
    private let lock = NSLock()
    private var envelopes: [Envelope] = []
    private var isStopped = false

    init(_ path: String) throws {
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      let socket = try Handle(Foundation.socket(AF_UNIX, type, 0), "socket")
      guard try withUnixAddress(path, { bind(socket.number, $0, $1) }) == 0,
        listen(socket.number, 16) == 0
      else { throw TestFailure("listen on \(path): \(String(cString: strerror(errno)))") }
      listener = socket
    }

    var received: [Envelope] { lock.withLock { envelopes } }
    func stop() { lock.withLock { isStopped = true } }

    func serve() {
      var clients: [Int32: [UInt8]] = [:]
      while !lock.withLock({ isStopped }) {
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
        lock.withLock { envelopes.append(forward.envelope) }
        let answer = Wire.frame(
          stream: Wire.number(bytes[4..<8]), type: Wire.response, [])
        _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
        bytes.removeFirst(10 + length)
      }
      return true
    }
  }
}
