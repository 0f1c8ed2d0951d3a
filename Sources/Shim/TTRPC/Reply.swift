// SPDX-License-Identifier: Apache-2.0

internal import Linux
package import SwiftProtobuf
internal import TTRPCEnvelope

/// The duty to answer one request: exactly once, now or at any later time.
///
/// Dropped unanswered, it answers `internal`, so that no caller waits for ever. Keep it as `Reply?`
/// in a class and call `take()`: an escaping closure cannot consume what it captures.
package struct Reply: ~Copyable {
  /// Nil once answered.
  private var request: PendingRequest?

  init(_ request: PendingRequest) { self.request = request }

  deinit {
    request?.finish(
      EnvelopeResponse(Status(code: .internal, message: "request was dropped")))
  }

  package consuming func send(_ message: some Message) {
    request.take()?.finish(EnvelopeResponse(payload: message))
  }

  /// Answers with an empty message (google.protobuf.Empty).
  package consuming func sendEmpty() {
    request.take()?.finish(EnvelopeResponse())
  }

  package consuming func fail(_ status: Status) {
    request.take()?.finish(EnvelopeResponse(status))
  }

  /// Whether somebody still waits: false once the connection has closed or the request's deadline
  /// has passed (its caller was told). An answer goes nowhere then.
  package var isConnected: Bool { request?.isAwaited ?? false }

  /// The time left until the deadline, when there is one; not below zero.
  package var timeLeft: Duration? {
    request?.deadline.map { max(.zero, $0 - MonotonicClock.now) }
  }
}
