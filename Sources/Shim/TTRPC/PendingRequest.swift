// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import TTRPCEnvelope

/// What is kept of a request while its handler works. It may outlive its connection.
final class PendingRequest {
  let isLongRunning: Bool
  /// By `MonotonicClock`.
  let deadline: Duration?
  private let streamID: UInt32
  private let ledger: RequestLedger
  private weak var connection: Connection?
  private var token: Deadlines.Token?
  private var isAnswered = false

  /// The ledger has admitted it.
  init(
    _ connection: Connection, _ streamID: UInt32, _ ledger: RequestLedger, isLongRunning: Bool,
    timeout: Duration?
  ) {
    self.connection = connection
    self.streamID = streamID
    self.ledger = ledger
    self.isLongRunning = isLongRunning
    deadline = timeout.map { MonotonicClock.now + $0 }
    token = deadline.map { ledger.addDeadline($0) { [weak self] in self?.expire() } }
  }

  var isAwaited: Bool { !isAnswered && connection?.isOpen == true }

  /// The reply is gone, with this answer: called exactly once.
  func finish(_ response: @autoclosure () -> EnvelopeResponse) {
    if isAwaited { connection?.answer(streamID, response()) }
    isAnswered = true
    if let token { ledger.removeDeadline(token) }
    ledger.release(longRunning: isLongRunning)
  }

  private func expire() {
    token = nil
    if isAwaited { connection?.answer(streamID, EnvelopeResponse(.deadlineExceeded)) }
    isAnswered = true
  }
}
