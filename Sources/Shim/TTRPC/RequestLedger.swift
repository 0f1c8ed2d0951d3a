// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

/// The requests of one server that handlers still hold, against the limits, and their deadlines.
///
/// A request counts until its `Reply` is gone, also when nobody waits for the answer any more:
/// what it costs is spent until then.
final class RequestLedger {
  /// Called after deadlines passed.
  var onDeadlinesPassed: () -> Void {
    get { deadlines.onPassed }
    set { deadlines.onPassed = newValue }
  }

  private(set) var inFlight = 0
  private(set) var longRunning = 0
  private let limits: Server.Limits
  private let deadlines: Deadlines

  init(_ loop: EventLoop, _ limits: Server.Limits) {
    self.limits = limits
    deadlines = Deadlines(loop)
  }

  /// Counts one more request, or throws `resourceExhausted`.
  func admit(longRunning isLongRunning: Bool) throws(Status) {
    guard isLongRunning else {
      guard inFlight < limits.requests else { throw .full(limits.requests, "requests in flight") }
      inFlight += 1
      return
    }
    guard longRunning < limits.longRunning else { throw .full(limits.longRunning, "waiting calls") }
    longRunning += 1
  }

  func release(longRunning isLongRunning: Bool) {
    if isLongRunning { longRunning -= 1 } else { inFlight -= 1 }
  }

  func addDeadline(_ time: Duration, _ action: @escaping () -> Void) -> Deadlines.Token {
    deadlines.add(at: time, action)
  }

  func removeDeadline(_ token: Deadlines.Token) { deadlines.remove(token) }
}

extension Status {
  fileprivate static func full(_ limit: Int, _ what: String) -> Status {
    Status(code: .resourceExhausted, message: "the limit of \(limit) \(what) is reached")
  }
}
