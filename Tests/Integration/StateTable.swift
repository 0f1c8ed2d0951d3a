// SPDX-License-Identifier: Apache-2.0

import Support

/// What each call is answered in each state, as tables to be read. An answer is
///
///     ok            a reply, as it must look in this state (StateTableHost.check)
///     waits         none before the end, then one
///     Code: words   a refusal whose text contains the words
///
/// `then` is the state that the call leaves behind, if it is another one.
enum StateTable {
  struct Row: CustomStringConvertible {
    /// Init's state; for an exec, that of its init and its own.
    let states: [String]
    let call: String
    let answer: String
    let then: String?
    var state: String { states[states.count - 1] }

    var description: String { "\(states.joined(separator: ", ")): \(call) → \(answer)" }
  }

  /// The rows of init, by state.
  static func initProcess(of program: String) -> [[Row]] {
    let rows = parse(initProcess, states: 1)
    guard program == ShimBinary.sample else { return byState(rows) }
    let own = parse(sampleInitProcess, states: 1)
    return byState(
      rows.filter { $0.state != "paused" }.map { row in
        own.first { $0.states == row.states && $0.call == row.call } ?? row
      })
  }

  /// The rows of an exec, by the states of init and its own.
  static func execs(of program: String) -> [[Row]] {
    let inits = ["created", "running", "paused", "stopped"].filter {
      $0 != "paused" || program == ShimBinary.oci
    }
    let rows = inits.flatMap { state in
      parse(exec, states: 2).filter { $0.states[0] == state || $0.states[0] == "any" }
        .map { Row(states: [state, $0.state], call: $0.call, answer: $0.answer, then: $0.then) }
    }
    return byState(rows.filter { $0.states != ["stopped", "running"] })
  }

  /// - Parameter states: how many columns of each line name the state.
  private static func parse(_ table: String, states: Int) -> [Row] {
    table.split(separator: "\n").dropFirst().map { line in
      var cells = line.split(separator: "|").map {
        String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      if cells.count == states + 2 { cells.append("") }
      return Row(
        states: Array(cells[..<states]), call: cells[states], answer: cells[states + 1],
        then: cells[states + 2].isEmpty ? nil : cells[states + 2])
    }
  }

  private static func byState(_ rows: [Row]) -> [[Row]] {
    rows.reduce(into: []) { groups, row in
      if groups.last?[0].states == row.states {
        groups[groups.count - 1].append(row)
      } else {
        groups.append([row])
      }
    }
  }

  /// Answers that differ from containerd's own shim, which would say:
  ///
  ///     Create of an id that is there   runc's words; it is run a second time
  ///     Pids of a stopped container     nothing: containerd 1.7 takes such a shim for a leaked one
  static let initProcess = #"""
    state   | call           | answer                                                  | then
    none    | State          | NotFound: container not created: not found
    none    | Create         | ok                                                      | created
    none    | Start          | NotFound: container not created: not found
    none    | Delete         | NotFound: container not created: not found
    none    | Pids           | NotFound: container not created: not found
    none    | Pause          | NotFound: container not created: not found
    none    | Resume         | NotFound: container not created: not found
    none    | Checkpoint     | NotFound: container not created: not found
    none    | Kill 0         | NotFound: container not created: not found
    none    | Kill TERM      | NotFound: container not created: not found
    none    | Kill KILL      | NotFound: container not created: not found
    none    | Kill KILL all  | NotFound: container not created: not found
    none    | Kill 99        | NotFound: container not created: not found
    none    | Exec           | NotFound: container not created: not found
    none    | ResizePty      | NotFound: container not created: not found
    none    | CloseIO        | NotFound: container not created: not found
    none    | Update         | NotFound: container not created: not found
    none    | Wait           | NotFound: container not created: not found
    none    | Stats          | NotFound: container not created: not found
    none    | Connect        | ok
    none    | Shutdown       | ok

    created | State          | ok
    created | Create         | AlreadyExists: already exists
    created | Start          | ok                                                      | running
    created | Delete         | ok                                                      | deleted
    created | Pids           | ok
    created | Pause          | Unknown: cannot pause task in created state
    created | Resume         | Unknown: cannot resume task in created state
    created | Checkpoint     | Unknown: cannot checkpoint a task in created state
    created | Kill 0         | ok
    created | Kill TERM      | ok                                                      | stopped
    created | Kill KILL      | ok                                                      | stopped
    created | Kill KILL all  | ok                                                      | stopped
    created | Kill 99        | Unknown: unknown error after kill:
    created | Exec           | ok
    created | ResizePty      | ok
    created | CloseIO        | ok
    created | Update         | ok
    created | Wait           | waits
    created | Stats          | ok
    created | Connect        | ok
    created | Shutdown       | ok

    running | State          | ok
    running | Create         | AlreadyExists: already exists
    running | Start          | Unknown: cannot start a running process
    running | Delete         | Unknown: cannot delete a running process
    running | Pids           | ok
    running | Pause          | ok                                                      | paused
    running | Resume         | Unknown: cannot resume a running process
    running | Checkpoint     | Unknown: did not terminate successfully: exit status 1
    running | Kill 0         | ok
    running | Kill TERM      | ok                                                      | stopped
    running | Kill KILL      | ok                                                      | stopped
    running | Kill KILL all  | ok                                                      | stopped
    running | Kill 99        | Unknown: unknown error after kill:
    running | Exec           | ok
    running | ResizePty      | ok
    running | CloseIO        | ok
    running | Update         | ok
    running | Wait           | waits
    running | Stats          | ok
    running | Connect        | ok
    running | Shutdown       | ok

    paused  | State          | ok
    paused  | Create         | AlreadyExists: already exists
    paused  | Start          | Unknown: cannot start a paused process
    paused  | Delete         | Unknown: cannot delete a paused process
    paused  | Pids           | ok
    paused  | Pause          | Unknown: cannot pause a paused container
    paused  | Resume         | ok                                                      | running
    paused  | Checkpoint     | Unknown: did not terminate successfully: exit status 1
    paused  | Kill 0         | ok
    paused  | Kill TERM      | ok
    paused  | Kill KILL      | ok                                                      | stopped
    paused  | Kill KILL all  | ok                                                      | stopped
    paused  | Kill 99        | Unknown: unknown error after kill:
    paused  | Exec           | Unknown: cannot exec in a paused state
    paused  | ResizePty      | ok
    paused  | CloseIO        | ok
    paused  | Update         | ok
    paused  | Wait           | waits
    paused  | Stats          | ok
    paused  | Connect        | ok
    paused  | Shutdown       | ok

    stopped | State          | ok
    stopped | Create         | AlreadyExists: already exists
    stopped | Start          | Unknown: cannot start a stopped process
    stopped | Delete         | ok                                                      | deleted
    stopped | Pids           | ok
    stopped | Pause          | Unknown: cannot pause a stopped container
    stopped | Resume         | Unknown: cannot resume a stopped container
    stopped | Checkpoint     | Unknown: cannot checkpoint a stopped container
    stopped | Kill 0         | NotFound: process already finished: not found
    stopped | Kill TERM      | NotFound: process already finished: not found
    stopped | Kill KILL      | NotFound: process already finished: not found
    stopped | Kill KILL all  | ok
    stopped | Kill 99        | NotFound: process already finished: not found
    stopped | Exec           | Unknown: cannot exec in a stopped state
    stopped | ResizePty      | ok
    stopped | CloseIO        | ok
    stopped | Update         | Unknown: cannot update a stopped container
    stopped | Wait           | ok
    stopped | Stats          | ok
    stopped | Connect        | ok
    stopped | Shutdown       | ok

    deleted | State          | NotFound: container not created: not found
    deleted | Create         | ok                                                      | created
    deleted | Start          | NotFound: container not created: not found
    deleted | Delete         | NotFound: container not created: not found
    deleted | Pids           | NotFound: container not created: not found
    deleted | Pause          | NotFound: container not created: not found
    deleted | Resume         | NotFound: container not created: not found
    deleted | Checkpoint     | NotFound: container not created: not found
    deleted | Kill 0         | NotFound: container not created: not found
    deleted | Kill TERM      | NotFound: container not created: not found
    deleted | Kill KILL      | NotFound: container not created: not found
    deleted | Kill KILL all  | NotFound: container not created: not found
    deleted | Kill 99        | NotFound: container not created: not found
    deleted | Exec           | NotFound: container not created: not found
    deleted | ResizePty      | NotFound: container not created: not found
    deleted | CloseIO        | NotFound: container not created: not found
    deleted | Update         | NotFound: container not created: not found
    deleted | Wait           | NotFound: container not created: not found
    deleted | Stats          | NotFound: container not created: not found
    deleted | Connect        | ok
    deleted | Shutdown       | ok
    """#

  /// What the sample, which cannot pause, answers instead. It has no paused containers.
  static let sampleInitProcess = #"""
    state   | call           | answer                                                  | then
    running | Pause          | Unimplemented: has no container that could be paused
    running | Checkpoint     | Unimplemented: has no container that could be written down
    created | Update         | Unimplemented: has no control group of its own
    created | Stats          | Unimplemented: has no control group of its own
    running | Update         | Unimplemented: has no control group of its own
    running | Stats          | Unimplemented: has no control group of its own
    stopped | Stats          | Unimplemented: has no control group of its own
    stopped | Kill KILL all  | NotFound: process already finished: not found
    """#
}
