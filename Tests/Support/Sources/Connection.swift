// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A blocking connection to a Unix socket, for whole frames and for bytes that are none.
package final class Connection {
  private let socket: Handle
  private var received: [UInt8] = []

  /// - Parameter waits: false to be refused when the backlog is full, as clients in Go are.
  package init(path: String, waits: Bool = true) throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    socket = try Handle(Foundation.socket(AF_UNIX, type, 0), "socket")
    let flags = fcntl(socket.number, F_GETFL)
    if !waits { _ = fcntl(socket.number, F_SETFL, flags | O_NONBLOCK) }
    let connected = try withUnixAddress(path) { connect(socket.number, $0, $1) }
    guard connected == 0 else {
      throw TestFailure("connect \(path): \(String(cString: strerror(errno)))")
    }
    _ = fcntl(socket.number, F_SETFL, flags)
  }

  /// The socket, for those who do more than one call at a time.
  package var number: Int32 { socket.number }

  /// The other side sees the end, whoever still holds this connection.
  package func close() { shutdown(socket.number, Int32(SHUT_RDWR)) }

  /// Writes everything, however long the other side takes.
  package func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw TestFailure("send: \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
  }

  /// Writes what fits now; nil when the other side has closed.
  package func sendWhatFits(_ bytes: ArraySlice<UInt8>) -> Int? {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    let count = bytes.withUnsafeBytes {
      Foundation.send(socket.number, $0.baseAddress, $0.count, flags)
    }
    if count >= 0 { return count }
    return errno == EAGAIN ? 0 : nil
  }

  /// The next frame; nil when the other side has closed.
  package func receive(within limit: Duration = .patience) throws -> Wire.Frame? {
    let deadline = ContinuousClock.now + limit
    while true {
      if let frame = takeFrame() { return frame }
      guard try read(deadline) else { return nil }
    }
  }

  private func takeFrame() -> Wire.Frame? {
    guard received.count >= 10 else { return nil }
    let length = Int(Wire.number(received[..<4]))
    guard received.count >= 10 + length else { return nil }
    defer { received.removeFirst(10 + length) }
    return Wire.Frame(
      stream: Wire.number(received[4..<8]), type: received[8], flags: received[9],
      data: Array(received[10..<10 + length]))
  }

  /// False at the end.
  private func read(_ deadline: ContinuousClock.Instant) throws -> Bool {
    let left = (deadline - .now).components
    let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
    var request = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, Int32(max(0, milliseconds))) == 1 else {
      throw TestFailure("no answer in time")
    }
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    let count = Foundation.read(socket.number, &buffer, buffer.count)
    if count <= 0 { return false }
    received += buffer[..<count]
    return true
  }
}

/// Calls with the address of a Unix socket.
func withUnixAddress<Result>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) throws -> Result {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
    throw TestFailure("\(path) is too long for a socket")
  }
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}
