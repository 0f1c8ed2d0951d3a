// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Linux

@Suite struct WallClockTests {
  @Test(
    arguments: [
      (0, 1970, 1, 1), (30, 1970, 1, 31), (31, 1970, 2, 1), (58, 1970, 2, 28), (59, 1970, 3, 1),
      (789, 1972, 2, 29), (790, 1972, 3, 1), (10_956, 1999, 12, 31), (10_957, 2000, 1, 1),
      (11_016, 2000, 2, 29), (20_453, 2025, 12, 31), (20_454, 2026, 1, 1), (47_540, 2100, 2, 28),
      (47_541, 2100, 3, 1),
    ] as [(Int64, Int64, Int64, Int64)])
  func dates(_ days: Int64, _ year: Int64, _ month: Int64, _ day: Int64) {
    #expect(WallClock.date(daysSince1970: days) == (year, month, day))
  }

  @Test func shape() {
    let text = WallClock.rfc3339
    #expect(text.utf8.count == "2026-01-31T23:59:59.123456789Z".utf8.count)
    #expect(text.hasSuffix("Z"))
  }
}
