// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// How a process ended: its exit code, or 128 + the signal that killed it, as shells say it.
package struct ExitStatus: Equatable, Sendable {
  package let code: UInt32

  package init(code: UInt32) { self.code = code }

  /// By a signal (there are 64), or so it says. runc ends with 255 by itself.
  package var wasKilled: Bool { 129...192 ~= code }

  /// Collects one child that has exited, if there is one; never waits.
  package static func reapNext() -> (pid: Int32, status: ExitStatus)? {
    var code: UInt32 = 0
    let pid = unsafe clinux_reap(&code)
    return pid > 0 ? (pid, ExitStatus(code: code)) : nil
  }

  /// Collects this one, which has exited.
  static func reap(_ child: Int32) {
    _ = try? valueOrErrno { waitpid(child, nil, 0) }
  }
}
