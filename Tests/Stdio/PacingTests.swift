// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Stdio

/// When a stream has its turn, by the bytes that are there and the time since its last one.
@Suite struct PacingTests {
  private static let now = Duration.seconds(1)
  private static let soon = now + .microseconds(500)
  private static let later = now + .seconds(1)
  private static let little = 100
  private static let much = Pacing.spliceFrom

  private func used() -> Pacing {
    var pacing = Pacing()
    let first = pacing.readable(Self.little, at: Self.now)
    #expect(first == .now)
    return pacing
  }

  @Test(arguments: [
    (little, soon, Pacing.Turn.later), (little, later, .now), (much, soon, .now),
    (much - 1, soon, .later), (much, later, .now), (0, soon, .now), (0, later, .now),
  ])
  func turns(_ available: Int, _ time: Duration, _ expected: Pacing.Turn) {
    var pacing = used()
    let turn = pacing.readable(available, at: time)
    #expect(turn == expected)
  }

  @Test func aTurnThatCameLaterCounts() {
    var pacing = used()
    var isSteady = pacing.waited(Self.little, at: Self.later)
    #expect(!isSteady)
    let turn = pacing.readable(Self.little, at: Self.later)
    #expect(turn == .later)
    isSteady = pacing.waited(Pacing.largestPipe / 2, at: Self.later)
    #expect(isSteady)
  }

  @Test func onlyABusyStreamOfLargePiecesIsFast() {
    var pacing = used()
    for turn in 1...Pacing.fastFrom {
      _ = pacing.readable(Self.much, at: Self.later * turn)
    }
    #expect(!pacing.isFast, "each came after a rest")
    var time = Self.now
    for turn in 1...Pacing.fastFrom {
      #expect(!pacing.isFast, "\(turn - 1) large pieces")
      time = Self.later * Pacing.fastFrom + .microseconds(100) * turn
      _ = pacing.readable(Self.much, at: time)
    }
    #expect(pacing.isFast)
    pacing.grew(to: Pacing.largestPipe)
    #expect(!pacing.isFast, "it has grown")
    let little = pacing.readable(Pacing.largestPipe / 2 - 1, at: time)
    let much = pacing.readable(Pacing.largestPipe / 2, at: time)
    #expect(little == .later && much == .now)
  }

  /// The kernel refuses a larger pipe to users who have many.
  @Test func aPipeThatDidNotGrow() {
    var pacing = used()
    pacing.grew(to: 4096)
    let turn = pacing.readable(Self.much, at: Self.soon)
    #expect(turn == .now)
    #expect(!pacing.isFast)
  }
}
