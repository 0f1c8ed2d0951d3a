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

  @Test func aDebugBuildTrapsOnATurnThatBlocks() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      // Being interrupted is its excuse, which a busy machine may give: hence more than one.
      let loop = EventLoop()
      loop.lag.onTooLong = { preconditionFailure($0) }
      for _ in 1...20 { Self.turn(loop, "sleeper") { usleep(60_000) } }
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("a turn of the loop took"))
    #expect(words.contains(": sleeper"))
  }
}
