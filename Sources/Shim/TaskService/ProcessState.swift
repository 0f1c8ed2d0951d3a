// SPDX-License-Identifier: Apache-2.0

/// What a process is doing, and which calls that allows: a table without side effects.
///
///              created    starting   running    stopped
///     start    starting   refused    refused    refused
///     delete   ok         refused    refused    ok
///     kill     ok         ok         ok         finished
///
/// Codes and words of a refusal are those of containerd's own shim.
package enum ProcessState: String, CaseIterable, Sendable {
  /// Made and held; has run nothing.
  case created
  /// Told to run its command; it is not known yet whether it does.
  case starting
  case running
  case stopped

  package enum Call: String, CaseIterable, Sendable { case start, delete, kill }

  package func check(_ call: Call) throws(TaskError) {
    switch (call, self) {
    case (.start, .created), (.delete, .created), (.delete, .stopped): return
    case (.kill, .created), (.kill, .starting), (.kill, .running): return
    case (.kill, .stopped): throw .finished
    case (.start, .starting), (.start, .running), (.delete, .starting), (.delete, .running):
      throw .unknown("cannot \(call.rawValue) a running process")
    case (.start, .stopped): throw .unknown("cannot start a stopped process")
    }
  }
}
