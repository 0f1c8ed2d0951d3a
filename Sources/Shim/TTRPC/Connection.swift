// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux
internal import SwiftProtobuf
internal import TTRPCEnvelope

/// One client of a server: the rules of the protocol. All methods are unary, so that no stream is
/// kept: a request is remembered only by its `Reply`.
final class Connection {
  private let channel: FrameChannel
  private let router: Router
  private let ledger: RequestLedger
  private var lastStreamID: UInt32 = 0

  init(_ channel: FrameChannel, _ router: Router, _ ledger: RequestLedger) {
    self.channel = channel
    self.router = router
    self.ledger = ledger
    channel.onEvent = { [unowned self] event in handle(event) }
  }

  /// The channel may be in the middle of a turn, and would call on.
  deinit {
    channel.onClosed = {}
    channel.close()
  }

  var isOpen: Bool { channel.isOpen }
  var queuedBytes: Int { channel.queuedBytes }
  func flush() { channel.flush() }

  func answer(_ streamID: UInt32, _ response: EnvelopeResponse) {
    let payload: [UInt8]
    do {
      payload = try response.serializedBytes()
    } catch {
      // Nothing in a response can fail but its size (over 2 GiB).
      return answer(streamID, EnvelopeResponse(.oversize(response.payload.count)))
    }
    guard payload.count <= Frame.maximumLength else {
      return answer(streamID, EnvelopeResponse(.oversize(payload.count)))
    }
    channel.send(Frame(streamID: streamID, type: .response, payload: payload))
  }

  private func handle(_ event: FrameDecoder.Event) {
    switch event {
    case .oversize(let streamID, let length):
      answer(streamID, EnvelopeResponse(.oversize(length)))
    case .frame(let frame):
      do throws(Status) {
        try handle(frame)
      } catch {
        answer(frame.streamID, EnvelopeResponse(error))
      }
    }
  }

  /// The texts are those of ttrpc's own server (server.go).
  private func handle(_ frame: Frame) throws(Status) {
    guard frame.streamID % 2 == 1 else {
      throw .invalid("StreamID must be odd for client initiated streams")
    }
    switch frame.type {
    case .request:
      guard frame.streamID > lastStreamID else {
        throw .invalid("StreamID cannot be re-used and must increment")
      }
      lastStreamID = frame.streamID
      try dispatch(frame)
    case .data:
      throw .invalid("StreamID is no longer active")
    default:
      break  // a client's response, or what a later version may bring
    }
  }

  /// Flags are ignored: they matter to streams, and a unary method has none.
  private func dispatch(_ frame: Frame) throws(Status) {
    let request: EnvelopeRequest
    do {
      request = try EnvelopeRequest(serializedBytes: frame.payload)
    } catch {
      throw .invalid("unmarshal request error: \(error)")
    }
    let method = try router.find(service: request.service, method: request.method)
    if let timeout = request.timeout, timeout < .zero { throw .deadlineExceeded }
    try ledger.admit(longRunning: method.isLongRunning)
    let pending = PendingRequest(
      self, frame.streamID, ledger, isLongRunning: method.isLongRunning, timeout: request.timeout)
    channel.loop.note(request.method)
    method.handle(Payload(envelope: request), Reply(pending))
  }
}

extension Status {
  fileprivate static func invalid(_ message: String) -> Status {
    Status(code: .invalidArgument, message: message)
  }
}
