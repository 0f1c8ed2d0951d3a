// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TTRPC

/// The language of containerd's failpoints.
@Suite struct FailpointTests {
  @Test func termsAreUsedUpInTurn() throws {
    var point = try #require(Failpoint("1*off->2*error(oops)->1*delay(20)->1*panic(now)"))
    let told = (1...6).map { _ in point.next() }
    #expect(
      told == [
        .off, .error("oops"), .error("oops"), .delay(.milliseconds(20)), .panic("now"), nil,
      ])
  }

  @Test(arguments: [
    "", "off", "1*", "1*on", "*off", "-1*off", "1*error()", "1*error(x", "1*delay(x)", "1*off->",
    "1*off 1*off", "1*off(x)", "99999999999999999999*off",
  ])
  func whatSaysNothing(text: String) {
    let point = Failpoint(text)
    #expect(point == nil)
  }
}
