// SPDX-License-Identifier: Apache-2.0

extension KnownDifference {
  /// What our shim answers otherwise than containerd's 1.6.20, and why.
  static let all = [
    KnownDifference(
      "run, detached", "task ps ID", "output", stock: "PID INFO\n", ours: "PID INFO\nPID -\n",
      reason: """
        Never empty before Delete: containerd from 1.7 on takes a shim without pids for a leaked \
        one.
        """),
    KnownDifference(
      "a running task", "task kill --signal 99 ID", "errors",
      stock: """
        ctr: unknown error after kill: runc did not terminate successfully: exit status 1: \
        unable to signal init: invalid argument
        : unknown

        """,
      ours: "ctr: unknown error after kill: Invalid argument: unknown\n",
      reason: "Signals go by pidfd: runc is not run for them, and the words are libc's."),
    KnownDifference(
      "loggers that cannot run", "run --rm --log-uri binary:///nonexistent busybox ID true",
      "errors",
      stock: """
        ctr: failed to create shim task: failed to create init process I/O: 1 error occurred:
        \t* failed to start binary process: fork/exec /nonexistent: no such file or directory

        : unknown

        """,
      ours: """
        ctr: failed to create shim task: failed to create init process I/O: failed to start \
        binary process: fork/exec /nonexistent: no such file or directory: unknown

        """,
      reason: "The same words in one line."),
  ]
}
