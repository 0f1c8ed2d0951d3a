// SPDX-License-Identifier: Apache-2.0

internal import SwiftProtobuf
internal import TTRPCEnvelope

extension EnvelopeResponse {
  init(_ status: Status) {
    self.init()
    self.status.code = status.code.rawValue
    self.status.message = status.message
  }

  init(payload message: some Message) {
    self.init()
    do {
      payload = try message.serializedBytes()
    } catch {
      self.init(Status(code: .internal, message: "ttrpc: error marshalling payload: \(error)"))
    }
  }

  /// What the peer said: the payload, or how the call failed.
  var result: Result<[UInt8], Status> {
    guard status.code == 0 else {
      return .failure(Status(code: .init(number: status.code), message: status.message))
    }
    return .success(Array(payload))
  }
}

extension EnvelopeRequest {
  /// Nil without a deadline; below zero when it had passed before the request was sent.
  var timeout: Duration? { timeoutNano == 0 ? nil : .nanoseconds(timeoutNano) }
}

extension Status {
  static var deadlineExceeded: Status {
    Status(code: .deadlineExceeded, message: "context deadline exceeded")
  }

  /// Clients know this text (channel.go, OversizedMessageError).
  static func oversize(_ length: Int) -> Status {
    Status(
      code: .resourceExhausted,
      message: "message length \(length) exceed maximum message size of \(Frame.maximumLength)")
  }
}

/// For fields of a bytes type that only Foundation could name.
func bytes<Bytes: SwiftProtobufContiguousBytes>(_ array: [UInt8]) -> Bytes { Bytes(array) }
