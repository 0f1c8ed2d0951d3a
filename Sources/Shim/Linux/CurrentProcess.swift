// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

package import struct SystemPackage.Errno

/// What this process can say and set of itself.
package enum CurrentProcess {
  package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

  package static var id: Int32 { getpid() }
  package static var user: UInt32 { geteuid() }
  package static var group: UInt32 { getegid() }

  /// Orphans among our descendants become our children (prctl(2), PR_SET_CHILD_SUBREAPER).
  package static func becomeSubreaper() throws(Errno) { try check(clinux_become_subreaper()) }

  /// The name in /proc/PID/comm, which would be `exe` after running /proc/self/exe.
  package static func setName(_ name: String) { _ = unsafe clinux_name_process(name) }

  /// Ends a child of ours, by its pid: until it is reaped that is its own.
  package static func killChild(_ pid: Int32) { _ = clinux_kill_child(pid) }

  package static func scheduleCoreForGroup() throws(Errno) {
    try check(clinux_schedule_core_for_group())
  }

  /// From now on large freed blocks go back to the kernel at once.
  package static func returnLargeBlocks() { clinux_return_large_blocks() }

  /// Gives back what lies free between used blocks. Takes some 50 microseconds: for when there is time.
  package static func returnFreeMemory() { clinux_return_free_memory() }

  /// A reader that went away is an error of that write (EPIPE), not our death.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// From now on only SIGTERM and SIGINT end us, of those signals that can be caught: the others say
  /// nothing to a shim, and the default of most is death. So a write that meets a limit (SIGXFSZ) fails
  /// with an error, and the first stage of a limited processor time (SIGXCPU) is passed. Programs that we execute get the defaults again (`Command`).
  package static func ignoreStraySignals() { clinux_ignore_stray_signals() }

  package static func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// The terminal of standard input becomes ours, and we the leader of its session.
  package static func takeTerminal() throws(Errno) { try check(clinux_take_terminal()) }

  /// Makes a directory the current one.
  package static func enter(_ directory: String) throws(Errno) {
    try valueOrErrno { unsafe chdir(directory) }
  }

  /// Replaces this process by a program found in PATH; comes back only with an error.
  package static func execute(_ arguments: [String]) throws(Errno) {
    var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
    guard let program = unsafe pointers[0] else { throw .invalidArgument }
    try valueOrErrno { unsafe execvp(program, &pointers) }
  }
}
