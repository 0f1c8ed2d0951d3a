// SPDX-License-Identifier: Apache-2.0

extension Server {
  /// What a server takes on; beyond it, it refuses and does not grow.
  package struct Limits: Sendable {
    /// One more is closed at once.
    package var connections = 1024
    /// Requests in flight, on all connections, `longRunning` ones apart; one more is refused.
    package var requests = 1024
    package var longRunning = 8192
    /// Bytes of replies queued on a connection at which reading from it pauses.
    package var queuedBytes = 1 << 20
    /// How long to leave the listener alone when descriptors have run out.
    package var acceptPause: Duration = .milliseconds(100)

    package init() {}
  }
}
