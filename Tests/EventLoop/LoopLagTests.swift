// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

@Suite struct LoopLagTests {
  /// One turn of a timer.
  static func turn(_ loop: EventLoop, _ owner: StaticString, _ handler: @escaping () -> Void) {
    var isDone = false
    let timer = Timer(loop, owner: owner) {
      handler()
      isDone = true
    }
    timer.schedule(after: .zero)
    while !isDone { loop.runOnce() }
  }

  /// Without a sleep: whoever works may be interrupted, which is an excuse.
  static func work(for time: Duration) {
    let end = MonotonicClock.now + time
    while MonotonicClock.now < end {}
  }

  @Test func theLongestTurnIsKept() {
    let loop = EventLoop()
    #expect(loop.lag.longest == .zero)
    #expect(loop.lag.longestName == "none")
    Self.turn(loop, "short") { loop.note("a") }
    #expect(loop.lag.longest > .zero)
    #expect(loop.lag.longestName == "short a")
    Self.turn(loop, "long") {
      loop.note("b")
      loop.note("c")
      Self.work(for: .milliseconds(20))
    }
    #expect(loop.lag.longest >= .milliseconds(20))
    #expect(loop.lag.longestName == "long c")
    Self.turn(loop, "short") {}
    #expect(loop.lag.longestName == "long c")
    // A note is one turn's.
    let longest = loop.lag.longest
    Self.turn(loop, "longer") { Self.work(for: longest) }
    #expect(loop.lag.longestName == "longer")
  }

  /// What the daemon of a debug build traps with.
  @Test func aTurnThatBlocksIsReported() {
    let loop = EventLoop()
    var reports: [String] = []
    loop.lag.onTooLong = { reports.append($0) }
    // Being interrupted is its excuse, which a busy machine may give: hence more than one.
    for _ in 1...20 where reports.isEmpty { Self.turn(loop, "sleeper") { usleep(60_000) } }
    #expect(reports.first?.hasPrefix("a turn of the loop took ") == true)
    #expect(reports.first?.hasSuffix(": sleeper") == true)
  }
}
