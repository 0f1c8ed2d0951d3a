// SPDX-License-Identifier: Apache-2.0

/// What a process is doing, and which calls that allows: a table without side effects. The last five
/// rows are for init only.
///
///                created    starting   running    paused     stopped
///     start      starting   refused    refused    refused    refused
///     delete     ok         refused    refused    refused    ok
///     kill       ok         ok         ok         ok         finished
///     pause      refused    refused    paused     refused    refused
///     resume     refused    refused    refused    running    refused
///     exec       ok         ok         ok         refused    refused
///     update     ok         ok         ok         ok         refused
///     checkpoint refused    refused    ok         ok         refused
///
/// Codes and words of a refusal are those of containerd's own shim.
package enum ProcessState: String, CaseIterable, Sendable {
  /// Made and held; has run nothing.
  case created
  /// Told to run its command; it is not known yet whether it does.
  case starting
  case running
  case paused
  case stopped

  package enum Call: String, CaseIterable, Sendable {
    case start, delete, kill, pause, resume, exec, update, checkpoint
  }

  package func check(_ call: Call) throws(TaskError) {
    switch (call, self) {
    case (.start, .created), (.delete, .created), (.delete, .stopped): return
    case (.pause, .running), (.resume, .paused): return
    case (.checkpoint, .running), (.checkpoint, .paused): return
    case (.update, .stopped): throw .unknown("cannot update a stopped container")
    case (.update, _): return
    case (.exec, .created), (.exec, .starting), (.exec, .running): return
    case (.kill, .stopped): throw .finished
    case (.kill, _): return
    case (.start, _), (.delete, _):
      throw .unknown("cannot \(call.rawValue) a \(word) process")
    case (.checkpoint, .created), (.checkpoint, .starting):
      throw .unknown("cannot checkpoint a task in created state")
    case (.pause, .created), (.pause, .starting), (.resume, .created), (.resume, .starting):
      throw .unknown("cannot \(call.rawValue) task in created state")
    case (.resume, .running): throw .unknown("cannot resume a running process")
    case (.pause, _), (.resume, _), (.checkpoint, _):
      throw .unknown("cannot \(call.rawValue) a \(word) container")
    case (.exec, _): throw .unknown("cannot exec in a \(word) state")
    }
  }

  private var word: String { self == .starting ? "running" : rawValue }
}
