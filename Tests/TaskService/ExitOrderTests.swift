// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

/// When exits are told, as tables.
@Suite struct ExitOrderTests {
  private static let fates: [(ProcessState, isInit: Bool, hasFailed: Bool, ExitOrder.Fate)] = [
    (.created, true, false, .held),
    (.created, true, true, .held),
    (.starting, true, false, .keptUntilStarted),
    (.running, true, false, .held),
    (.paused, true, false, .held),
    (.created, false, true, .dropped),
    (.starting, false, false, .keptUntilStarted),
    (.running, false, false, .told),
  ]

  @Test(arguments: fates)
  func fate(_ state: ProcessState, _ isInit: Bool, _ hasFailed: Bool, _ fate: ExitOrder.Fate) {
    #expect(ExitOrder.fate(of: state, isInit: isInit, startHasFailed: hasFailed) == fate)
  }

  /// Seconds since init's exit, the execs, whether something else lives, whether the output is read.
  private static let steps: [(Int, [ProcessState], rest: Bool, read: Bool, ExitOrder.Step)] = [
    (0, [], false, false, .read),
    (0, [], false, true, .tell),
    (0, [.created, .stopped], false, true, .tell),
    // A start is waited for, but for 2 s in all.
    (0, [.starting], false, false, .wait(.seconds(2))),
    (0, [.starting], false, true, .wait(.seconds(2))),
    (1, [.running, .starting], true, false, .wait(.seconds(1))),
    (2, [.starting], false, false, .read),
    (2, [.starting], false, true, .tell),
    // What runs is waited for, but for 10 s in all.
    (0, [.running], false, false, .wait(.seconds(10))),
    (0, [], true, false, .wait(.seconds(10))),
    (2, [.running, .starting], false, false, .wait(.seconds(8))),
    (9, [.stopped], true, true, .wait(.seconds(1))),
    (10, [.running, .starting], true, false, .read),
    (10, [.running], true, true, .tell),
  ]

  @Test(arguments: steps)
  func step(
    _ waited: Int, _ execs: [ProcessState], _ restLives: Bool, _ isRead: Bool,
    _ step: ExitOrder.Step
  ) {
    let order = ExitOrder(restLives: restLives, isRead: isRead)
    #expect(order.step(after: .seconds(waited), execs: execs) == step)
  }
}
