// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

@Suite struct ReservationsTests {
  @Test func oneHoldsForTenSeconds() {
    var reservations = Reservations()
    #expect(reservations.timeLeft(at: .seconds(5)) == nil)
    reservations.add("a", at: .seconds(5))
    #expect(reservations.timeLeft(at: .seconds(5)) == .seconds(10))
    #expect(reservations.timeLeft(at: .seconds(14)) == .seconds(1))
    #expect(reservations.timeLeft(at: .seconds(15)) == nil)
  }

  @Test func theLastOneCounts() {
    var reservations = Reservations()
    reservations.add("a", at: .seconds(1))
    reservations.add("b", at: .seconds(3))
    #expect(reservations.timeLeft(at: .seconds(4)) == .seconds(9))
    reservations.remove("b")
    #expect(reservations.timeLeft(at: .seconds(4)) == .seconds(7))
    reservations.remove("a")
    reservations.remove("nobody")
    #expect(reservations.timeLeft(at: .seconds(4)) == nil)
  }

  @Test func oneMadeAgainHoldsFromThenOn() {
    var reservations = Reservations()
    reservations.add("a", at: .seconds(1))
    reservations.add("a", at: .seconds(6))
    #expect(reservations.timeLeft(at: .seconds(6)) == .seconds(10))
  }

  @Test func theirNumberIsLimited() {
    var reservations = Reservations()
    for number in 0..<Reservations.limit { reservations.add("\(number)", at: .zero) }
    reservations.add("one more", at: .seconds(5))
    #expect(reservations.timeLeft(at: .seconds(5)) == .seconds(5))
    reservations.add("0", at: .seconds(5))
    #expect(reservations.timeLeft(at: .seconds(5)) == .seconds(10))
  }
}
