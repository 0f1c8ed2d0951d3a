// SPDX-License-Identifier: Apache-2.0

/// Events that containerd has not confirmed, oldest first. A pure value.
///
/// The order is never changed: only the oldest is ever sent, and the next one after it is confirmed.
/// Full, it gives up its oldest event for a new one, since containerd learns the present state from
/// State and Wait anyway, and the newest exits are the ones that somebody may still wait for.
package struct Outbox {
  /// About 8,000 events (bytes).
  package static let limit = 1024 * 1024

  private var events: [[UInt8]] = []
  private var first = 0
  package private(set) var bytes = 0
  /// Events given up since the last `takeDropped`.
  private var dropped = 0
  /// The oldest event is on its way: it must not be given up, its answer is still to come.
  package private(set) var isSending = false

  package init() {}

  package var count: Int { events.count - first }
  package var isEmpty: Bool { count == 0 }

  package mutating func append(_ event: [UInt8]) {
    events.append(event)
    bytes += event.count
    while bytes > Self.limit, count > (isSending ? 2 : 1) {
      let index = isSending ? first + 1 : first
      bytes -= events[index].count
      events.remove(at: index)
      dropped += 1
    }
  }

  /// The event to send now; nil while one is being sent, or when there is none.
  package mutating func beginSending() -> [UInt8]? {
    guard !isSending, !isEmpty else { return nil }
    isSending = true
    return events[first]
  }

  /// The event that is being sent has arrived, or never will.
  package mutating func confirm() {
    precondition(isSending, "nothing is being sent")
    isSending = false
    bytes -= events[first].count
    events[first] = []
    first += 1
    if first == events.count {
      events = []  // the memory of the longest queue goes back as well
      first = 0
    } else if first > 1024 {
      events.removeFirst(first)
      first = 0
    }
  }

  /// The event that was being sent is to be sent again.
  package mutating func failed() {
    precondition(isSending, "nothing is being sent")
    isSending = false
  }

  package mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }
}
