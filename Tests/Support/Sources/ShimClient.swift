// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
package import SwiftProtobuf

/// The shim has ended while it was asked.
package struct ConnectionClosed: Error {}

/// A small client of a shim: one call after the other, each awaited.
package final class ShimClient {
  package let connection: Connection
  private let service: String
  private var lastStream: UInt32 = 0
  private var replies: [UInt32: Wire.Frame] = [:]

  /// - Parameter address: as `start` prints it.
  package init(_ address: String, version: Int = 2) throws {
    guard address.hasPrefix("unix://") else { throw TestFailure("no address: \(address)") }
    connection = try Connection(path: Self.socket(of: address))
    service = "containerd.task.v\(version).Task"
  }

  /// Where a shim listens.
  ///
  /// - Parameter address: as `start` prints it.
  package static func socket(of address: String) -> String {
    String(address.dropFirst("unix://".count))
  }

  /// Sends a request and returns its stream.
  package func begin(
    _ method: String, _ payload: some Message, service: String? = nil, timeout: Int64 = 0
  ) throws -> UInt32 {
    lastStream = lastStream == 0 ? 1 : lastStream + 2
    let request = Wire.request(
      service ?? self.service, method, try payload.serializedBytes(), timeout: timeout)
    try connection.send(Wire.frame(stream: lastStream, request))
    return lastStream
  }

  /// The payload of the answer to a stream; answers to others are kept.
  package func finish(_ stream: UInt32, within limit: Duration = .patience) throws -> [UInt8] {
    while true {
      if let frame = replies.removeValue(forKey: stream) {
        return try Wire.response(frame.data).get()
      }
      guard let frame = try connection.receive(within: limit) else {
        throw ConnectionClosed()
      }
      guard frame.type == Wire.response else { throw TestFailure("frame type \(frame.type)") }
      replies[frame.stream] = frame
    }
  }

  /// The streams whose answers have come and that nobody has asked for.
  package var unclaimed: Set<UInt32> { Set(replies.keys) }

  package func finish<Response: Message>(
    _ stream: UInt32, as type: Response.Type, within limit: Duration = .patience
  ) throws -> Response {
    try Response(serializedBytes: try finish(stream, within: limit))
  }

  package func call<Response: Message>(
    _ method: String, _ request: some Message, within limit: Duration = .patience
  ) throws -> Response {
    try Response(serializedBytes: try finish(begin(method, request), within: limit))
  }

  /// The same with a deadline that the shim is told, as containerd does.
  package func call<Response: Message>(
    _ method: String, _ request: some Message, deadline seconds: Int64
  ) throws -> Response {
    let stream = try begin(method, request, timeout: seconds * 1_000_000_000)
    return try finish(stream, as: Response.self, within: .seconds(seconds))
  }

  /// Many calls, all sent before the first answer is read.
  package func together(_ method: String, _ requests: [some Message]) throws {
    for stream in try requests.map({ try begin(method, $0) }) { _ = try finish(stream) }
  }

  /// The refusal that a call earns.
  package func refusal(_ method: String, _ request: some Message) throws -> RPCError {
    do {
      _ = try finish(begin(method, request))
    } catch let error as RPCError {
      return error
    }
    throw TestFailure("\(method) was not refused")
  }
}

extension ShimClient {
  package func state(_ id: String) throws -> StateResponse {
    try call("State", StateRequest.with { $0.id = id })
  }

  /// - Returns: the task's pid.
  package func start(_ id: String) throws -> Int32 {
    let response: StartResponse = try call("Start", StartRequest.with { $0.id = id })
    return Int32(response.pid)
  }

  package func kill(_ id: String, _ signal: UInt32, all: Bool = false) throws {
    let _: Google_Protobuf_Empty = try call(
      "Kill",
      KillRequest.with {
        $0.id = id
        $0.signal = signal
        $0.all = all
      })
  }

  package func wait(_ id: String, within limit: Duration = .patience) throws -> WaitResponse {
    try call("Wait", WaitRequest.with { $0.id = id }, within: limit)
  }

  package func delete(_ id: String) throws -> DeleteResponse {
    try call("Delete", DeleteRequest.with { $0.id = id })
  }

  package func pids(_ id: String) throws -> [Int32] {
    let response: PidsResponse = try call("Pids", PidsRequest.with { $0.id = id })
    return response.processes.map { Int32($0.pid) }
  }

  package func connect(_ id: String) throws -> ConnectResponse {
    try call("Connect", ConnectRequest.with { $0.id = id })
  }

  /// The pid of whoever answers. Asked with an id that no container has, and none can: a possible one
  /// would be reserved a place.
  package var shimPID: Int32 { get throws { Int32(try connect("").shimPid) } }

  package func shutdown(_ id: String) throws {
    let _: Google_Protobuf_Empty = try call("Shutdown", ShutdownRequest.with { $0.id = id })
  }
}
