// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

@testable import TaskService

/// Every call in every state, with the words of containerd's own shim.
@Suite struct ProcessStateTests {
  private static let refusals: [ProcessState: [ProcessState.Call: TaskError]] = [
    .created: [
      .pause: .unknown("cannot pause task in created state"),
      .resume: .unknown("cannot resume task in created state"),
      .checkpoint: .unknown("cannot checkpoint a task in created state"),
    ],
    .starting: [
      .start: .unknown("cannot start a running process"),
      .delete: .unknown("cannot delete a running process"),
      .pause: .unknown("cannot pause task in created state"),
      .resume: .unknown("cannot resume task in created state"),
      .checkpoint: .unknown("cannot checkpoint a task in created state"),
    ],
    .running: [
      .start: .unknown("cannot start a running process"),
      .delete: .unknown("cannot delete a running process"),
      .resume: .unknown("cannot resume a running process"),
    ],
    .paused: [
      .start: .unknown("cannot start a paused process"),
      .delete: .unknown("cannot delete a paused process"),
      .pause: .unknown("cannot pause a paused container"),
      .exec: .unknown("cannot exec in a paused state"),
    ],
    .stopped: [
      .start: .unknown("cannot start a stopped process"),
      .kill: .notFound("process already finished"),
      .pause: .unknown("cannot pause a stopped container"),
      .resume: .unknown("cannot resume a stopped container"),
      .checkpoint: .unknown("cannot checkpoint a stopped container"),
      .exec: .unknown("cannot exec in a stopped state"),
      .update: .unknown("cannot update a stopped container"),
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
