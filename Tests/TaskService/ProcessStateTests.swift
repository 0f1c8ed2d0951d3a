// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

@testable import TaskService

/// Every call in every state, with the words of containerd's own shim.
@Suite struct ProcessStateTests {
  private static let refusals: [ProcessState: [ProcessState.Call: TaskError]] = [
    .created: [:],
    .starting: [
      .start: .unknown("cannot start a running process"),
      .delete: .unknown("cannot delete a running process"),
    ],
    .running: [
      .start: .unknown("cannot start a running process"),
      .delete: .unknown("cannot delete a running process"),
    ],
    .stopped: [
      .start: .unknown("cannot start a stopped process"),
      .kill: .notFound("process already finished"),
    ],
  ]

  @Test(arguments: ProcessState.allCases, ProcessState.Call.allCases)
  func table(_ state: ProcessState, _ call: ProcessState.Call) {
    var refusal: TaskError?
    do throws(TaskError) { try state.check(call) } catch { refusal = error }
    #expect(refusal == Self.refusals[state]?[call])
  }

  @Test func wordsOnTheWire() {
    #expect(TaskError.finished.status.message == "process already finished: not found")
    #expect(TaskError.noContainer.status.message == "container not created: not found")
    #expect(TaskError.noExec("x").status.message == "process does not exist x: not found")
    #expect(TaskError.finished.status.code == .notFound)
    #expect(TaskError.unknown("cannot start a running process").status.code == .unknown)
  }
}
