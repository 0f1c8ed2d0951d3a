// SPDX-License-Identifier: Apache-2.0

package import EventLoop
internal import Linux
package import SwiftProtobuf
internal import TTRPCEnvelope

internal import struct SystemPackage.Errno

/// Calls methods of a server at a path. Dials when there is something to call; idle, it costs an
/// open socket and no timer.
package final class Client {
  /// The reply's payload, or how the call failed. Called once, from the loop: never within `call`.
  package typealias Completion = (Result<[UInt8], Status>) -> Void

  private struct PendingCall {
    let completion: Completion
    let deadline: Deadlines.Token
  }

  private let loop: EventLoop
  private let path: String
  private let deadlines: Deadlines
  private var channel: FrameChannel?
  /// By stream.
  private var pending: [Int: PendingCall] = [:]
  private var lastStreamID: UInt32?

  /// - Parameter path: of a Unix socket.
  package init(_ loop: EventLoop, path: String) {
    self.loop = loop
    self.path = path
    deadlines = Deadlines(loop)
    CurrentProcess.ignoreBrokenPipes()
  }

  /// Calls in flight are forgotten. The channel may be in the middle of a turn, and would call on.
  deinit {
    channel?.onClosed = {}
    channel?.close()
  }

  package var callsInFlight: Int { pending.count }

  /// Fails with `unavailable` when nobody listens, or when the connection closes before the reply;
  /// the next call dials anew. Fails with `deadlineExceeded` after the timeout, which the server is
  /// told as well; a reply that comes later is ignored.
  package func call(
    service: String, method: String, payload: [UInt8], timeout: Duration,
    metadata: [(key: String, value: String)] = [], completion: @escaping Completion
  ) {
    do throws(Status) {
      guard timeout > .zero else { throw .deadlineExceeded }
      var request = EnvelopeRequest()
      request.service = service
      request.method = method
      request.payload = bytes(payload)
      request.timeoutNano = timeout.clampedNanoseconds
      request.metadata = metadata.map { entry in
        EnvelopeKeyValue.with {
          $0.key = entry.key
          $0.value = entry.value
        }
      }
      try send(request, timeout, completion)
    } catch {
      _ = deadlines.add(at: MonotonicClock.now) { completion(.failure(error)) }
    }
  }

  package func call(
    service: String, method: String, payload: some Message, timeout: Duration,
    metadata: [(key: String, value: String)] = [], completion: @escaping Completion
  ) {
    let encoded: [UInt8]
    do {
      encoded = try payload.serializedBytes()
    } catch {
      let status = Status(code: .internal, message: "ttrpc: error marshalling payload: \(error)")
      _ = deadlines.add(at: MonotonicClock.now) { completion(.failure(status)) }
      return
    }
    call(
      service: service, method: method, payload: encoded, timeout: timeout, metadata: metadata,
      completion: completion)
  }

  /// Calls in flight fail with `unavailable`.
  package func close() { channel?.close() }

  private func send(
    _ request: EnvelopeRequest, _ timeout: Duration, _ completion: @escaping Completion
  ) throws(Status) {
    guard let payload: [UInt8] = try? request.serializedBytes() else {
      throw Status(code: .internal, message: "ttrpc: error marshalling request")
    }
    guard payload.count <= Frame.maximumLength else { throw .oversize(payload.count) }
    let channel = try dial()
    let streamID = lastStreamID.map { $0 + 2 } ?? 1
    lastStreamID = streamID
    let deadline = deadlines.add(at: MonotonicClock.now + timeout) { [weak self] in
      self?.finish(streamID, .failure(.deadlineExceeded))
    }
    pending[Int(streamID)] = PendingCall(completion: completion, deadline: deadline)
    channel.send(Frame(streamID: streamID, type: .request, payload: payload))
  }

  /// The connection there is, or a new one.
  private func dial() throws(Status) -> FrameChannel {
    if lastStreamID == .max {
      // After two thousand million calls only a new connection has ids left.
      guard pending.isEmpty else {
        throw Status(code: .unavailable, message: "ttrpc: stream ids are used up")
      }
      close()
    }
    if let channel {
      guard channel.queuedBytes <= Self.queueLimit else {
        throw Status(code: .resourceExhausted, message: "the server does not read its requests")
      }
      return channel
    }
    do throws(Errno) {
      // Reading never pauses: replies make nothing to write, and a server that writes before it
      // reads must find us reading.
      let new = FrameChannel(
        loop, try UnixSocket.connect(path: path), queueLimit: .max)
      new.onEvent = { [unowned self] event in handle(event) }
      new.onClosed = { [unowned self] in closed() }
      channel = new
      return new
    } catch {
      throw Status(code: .unavailable, message: "ttrpc: cannot connect to \(path): \(error)")
    }
  }

  private static let queueLimit = 1 << 20

  private func handle(_ event: FrameDecoder.Event) {
    switch event {
    case .oversize(let streamID, let length):
      finish(streamID, .failure(.oversize(length)))
    case .frame(let frame) where frame.type == .response:
      finish(frame.streamID, Self.decode(frame.payload))
    case .frame:
      break  // of a stream, which no call of ours opens
    }
  }

  private static func decode(_ payload: [UInt8]) -> Result<[UInt8], Status> {
    do {
      return try EnvelopeResponse(serializedBytes: payload).result
    } catch {
      return .failure(
        Status(code: .internal, message: "ttrpc: error unmarshalling response: \(error)"))
    }
  }

  private func finish(_ streamID: UInt32, _ result: Result<[UInt8], Status>) {
    guard let call = pending.removeValue(forKey: Int(streamID)) else { return }
    deadlines.remove(call.deadline)
    call.completion(result)
  }

  private func closed() {
    channel = nil
    lastStreamID = nil
    let failed = pending.sorted { $0.key < $1.key }
    pending = [:]
    for (_, call) in failed {
      deadlines.remove(call.deadline)
      call.completion(.failure(Status(code: .unavailable, message: "ttrpc: closed")))
    }
  }
}

extension Duration {
  /// What fits into the field of a request.
  fileprivate var clampedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = nanoseconds.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || carry ? .max : max(1, sum)
  }
}
