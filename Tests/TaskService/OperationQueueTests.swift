// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

@Suite struct OperationQueueTests {
  @Test func oneAfterTheOther() {
    let queue = OperationQueue()
    var told: [String] = []
    var turn: OperationQueue.Turn?
    queue.add {
      turn = $0
      told.append("first")
    }
    queue.add { _ in told.append("second") }
    queue.add { _ in told.append("third") }
    #expect(told == ["first"])
    turn = nil
    _ = turn
    #expect(told == ["first", "second", "third"])
    queue.add { _ in told.append("fourth") }
    #expect(told.last == "fourth")
  }

  @Test func oneAddedDuringATurnWaits() {
    let queue = OperationQueue()
    var told: [String] = []
    queue.add { turn in
      queue.add { _ in told.append("inner") }
      told.append("outer")
      withExtendedLifetime(turn) {}
    }
    #expect(told == ["outer", "inner"])
  }

  /// A thousand that end at once do not nest.
  @Test func manyThatEndAtOnce() {
    let queue = OperationQueue()
    var turn: OperationQueue.Turn?
    queue.add { turn = $0 }
    var count = 0
    for _ in 0..<1000 { queue.add { _ in count += 1 } }
    turn = nil
    _ = turn
    #expect(count == 1000)
  }
}
