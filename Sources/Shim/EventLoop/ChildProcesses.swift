// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Every child of this process, and what to do when it has exited. The only place that waits.
///
/// A child is registered in the turn that made it and reaped in a later one, so no exit is missed.
package final class ChildProcesses {
  private var handlers: [Int32: (ExitStatus) -> Void] = [:]
  /// Called after an orphan that we adopted was reaped; its own children may be ours now.
  package var onOrphanReaped: () -> Void = {}

  package init() {}

  package func register(_ pid: Int32, onExit: @escaping (ExitStatus) -> Void) {
    handlers[pid] = onExit
  }

  package func isRegistered(_ pid: Int32) -> Bool { handlers[pid] != nil }

  package var count: Int { handlers.count }

  /// Reaps all that has exited: one SIGCHLD may stand for many children.
  package func reap() {
    while let (pid, status) = ExitStatus.reapNext() {
      if let handler = handlers.removeValue(forKey: pid) {
        handler(status)
      } else {
        onOrphanReaped()
      }
    }
  }
}
