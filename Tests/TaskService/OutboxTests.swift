// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

@Suite struct OutboxTests {
  @Test func oneAtATimeInOrder() {
    var outbox = Outbox()
    for event in 1...3 { outbox.append([UInt8(event)]) }
    #expect(outbox.beginSending() == [1])
    #expect(outbox.beginSending() == nil, "the second may not overtake the first")
    outbox.confirm()
    #expect(outbox.beginSending() == [2])
  }

  /// A failed event is the next one again, whatever has been added meanwhile.
  @Test func failuresKeepTheOrder() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      var outbox = Outbox()
      var delivered: [UInt8] = []
      var next: UInt8 = 0
      while delivered.count < 100 {
        if next < 100, Bool.random(using: &random) {
          outbox.append([next])
          next += 1
        }
        guard let event = outbox.beginSending() else { continue }
        if Bool.random(using: &random) {
          delivered += event
          outbox.confirm()
        } else {
          outbox.failed()
        }
      }
      #expect(delivered == Array(0..<100))
      #expect(outbox.isEmpty && outbox.bytes == 0)
    }
  }

  @Test func fullItGivesUpItsOldestAndCounts() {
    var outbox = Outbox()
    let event = [UInt8](repeating: 0, count: Outbox.limit / 4)
    for _ in 0..<6 { outbox.append(event) }
    #expect(outbox.count == 4)
    #expect(outbox.bytes <= Outbox.limit)
    #expect(outbox.takeDropped() == 2)
    #expect(outbox.takeDropped() == 0)
  }

  @Test func fullItKeepsTheOneBeingSent() {
    var outbox = Outbox()
    let filler = [UInt8](repeating: 0, count: Outbox.limit / 2)
    outbox.append([1])
    #expect(outbox.beginSending() == [1])
    for _ in 0..<4 { outbox.append(filler) }
    outbox.failed()
    #expect(outbox.beginSending() == [1])
  }

  @Test func anEventLargerThanTheLimitIsStillSent() {
    var outbox = Outbox()
    outbox.append([UInt8](repeating: 7, count: Outbox.limit + 1))
    #expect(outbox.beginSending()?.count == Outbox.limit + 1)
  }
}
