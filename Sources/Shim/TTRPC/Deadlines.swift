// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

/// Any number of deadlines on one timer, which is armed only while there are some.
final class Deadlines {
  /// Names one deadline.
  typealias Token = Int

  /// Called after the actions of those that passed together.
  var onPassed: () -> Void = {}

  private struct Entry {
    let time: Duration
    let action: () -> Void
  }

  private var entries: [Token: Entry] = [:]
  private var nextToken: Token = 0
  private var timer: Timer?
  private var armedFor: Duration?

  init(_ loop: EventLoop) {
    timer = Timer(loop) { [unowned self] in fire() }
  }

  /// Calls the action once, from the loop, when the time of `MonotonicClock` has come.
  func add(at time: Duration, _ action: @escaping () -> Void) -> Token {
    let token = nextToken
    nextToken += 1
    entries[token] = Entry(time: time, action: action)
    if armedFor.map({ time < $0 }) ?? true { arm(for: time) }
    return token
  }

  func remove(_ token: Token) {
    entries[token] = nil
    // With others left the timer may fire for nothing once: cheaper than a search on each removal.
    if entries.isEmpty { disarm() }
  }

  private func fire() {
    armedFor = nil
    let now = MonotonicClock.now
    let due = entries.filter { $0.value.time <= now }.sorted { $0.value.time < $1.value.time }
    for (token, _) in due {
      // An action may have removed one that comes after it.
      entries.removeValue(forKey: token)?.action()
    }
    if !due.isEmpty { onPassed() }
    if let earliest = entries.values.map(\.time).min() { arm(for: earliest) } else { disarm() }
  }

  private func arm(for time: Duration) {
    armedFor = time
    timer?.schedule(after: max(.zero, time - MonotonicClock.now))
  }

  private func disarm() {
    armedFor = nil
    entries = [:]
    timer?.cancel()
  }
}
