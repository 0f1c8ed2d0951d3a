// SPDX-License-Identifier: Apache-2.0

import Support

/// Commands for one container, played one after the other.
struct Script: CustomStringConvertible {
  let name: String
  let steps: [Step]
  /// Why the order of its events is nobody's promise.
  let anyOrder: String?

  init(_ name: String, anyOrder: String? = nil, _ steps: Step...) {
    self.name = name
    self.steps = steps
    self.anyOrder = anyOrder
  }

  var description: String { name }

  /// What is compared: all that `ctr` is asked.
  var commands: [String] { steps.compactMap(\.command) }
}

/// A line of a script. `ID` stands for the container, `busybox` for the image, `FOLDER` for one of the
/// test's own; words with spaces stand in single quotes. `run` and `container create` get the runtime
/// in addition.
enum Step: ExpressibleByStringLiteral {
  /// `ctr`, to its end.
  case ctr(String, input: String = "")
  /// The same on a terminal of 80 columns and 24 rows.
  case terminal(String)
  /// Goes on once the command has written a text; `end` gives the answer.
  case begin(String, until: String)
  /// The same on a terminal, on which an answer is typed then.
  case beginTerminal(String, until: String, type: String)
  case end
  /// Waits for a state of the task.
  case state(String)
  /// Waits for an event, as it is compared.
  case event(String)
  /// containerd crashes, and is started again.
  case restart

  init(stringLiteral command: String) { self = .ctr(command) }

  var command: String? {
    switch self {
    case .ctr(let command, _), .terminal(let command), .begin(let command, _),
      .beginTerminal(let command, _, _):
      command
    case .end, .state, .event, .restart: nil
    }
  }
}

/// A part of what a script has answered.
struct Note: Equatable {
  let script: String
  /// The command, or `events`.
  let command: String
  let part: String
  let text: String
}

/// What two runtimes have answered differently.
struct Difference: Equatable, CustomStringConvertible {
  let script: String
  let command: String
  let part: String
  let stock: String
  let ours: String

  var description: String {
    """
    \(script): \(command)
    \(part) of the stock shim, \(stock.utf8.count) bytes: \(stock.prefix(500))
    ours, \(ours.utf8.count) bytes: \(ours.prefix(500))
    """
  }
}

/// A difference that is meant.
struct KnownDifference {
  let difference: Difference
  let reason: String

  init(
    _ script: String, _ command: String, _ part: String, stock: String, ours: String,
    reason: String
  ) {
    difference = Difference(
      script: script, command: command, part: part, stock: stock, ours: ours)
    self.reason = reason
  }
}
