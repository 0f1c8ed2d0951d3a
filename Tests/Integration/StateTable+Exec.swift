// SPDX-License-Identifier: Apache-2.0

extension StateTable {
  /// The same for an exec. `failed` is one whose Start has failed: it stays created, but its pipes went
  /// with the first attempt. With init stopped none runs.
  ///
  /// containerd's own shim answers a second Delete with NotFound, and CloseIO of an exec that is not
  /// there with Unknown.
  static let exec = #"""
    init    | exec    | call      | answer                                              | then
    any     | none    | State     | NotFound: process does not exist e: not found
    any     | none    | Start     | NotFound: process does not exist e: not found
    any     | none    | Delete    | NotFound: process does not exist e: not found
    any     | none    | Kill 0    | NotFound: process does not exist e: not found
    any     | none    | Kill TERM | NotFound: process does not exist e: not found
    any     | none    | Kill KILL | NotFound: process does not exist e: not found
    any     | none    | Kill 99   | NotFound: process does not exist e: not found
    created | none    | Exec      | ok                                                  | added
    running | none    | Exec      | ok                                                  | added
    paused  | none    | Exec      | Unknown: cannot exec in a paused state
    stopped | none    | Exec      | Unknown: cannot exec in a stopped state
    any     | none    | ResizePty | NotFound: process does not exist e: not found
    any     | none    | CloseIO   | NotFound: process does not exist e: not found
    any     | none    | Wait      | NotFound: process does not exist e: not found

    any     | added   | State     | ok
    created | added   | Start     | ok                                                  | running
    running | added   | Start     | ok                                                  | running
    paused  | added   | Start     | Unknown: exec failed: cannot exec in a paused       | failed
    stopped | added   | Start     | FailedPrecondition: init process is not running
    any     | added   | Delete    | ok                                                  | deleted
    any     | added   | Kill 0    | FailedPrecondition: process not created: failed precondition
    any     | added   | Kill TERM | FailedPrecondition: process not created: failed precondition
    any     | added   | Kill KILL | FailedPrecondition: process not created: failed precondition
    any     | added   | Kill 99   | FailedPrecondition: process not created: failed precondition
    any     | added   | Exec      | AlreadyExists: id e: already exists
    any     | added   | ResizePty | ok
    any     | added   | CloseIO   | ok
    any     | added   | Wait      | waits

    any     | running | State     | ok
    any     | running | Start     | Unknown: cannot start a running process
    any     | running | Delete    | Unknown: cannot delete a running process
    any     | running | Kill 0    | ok
    created | running | Kill TERM | ok                                                  | stopped
    running | running | Kill TERM | ok                                                  | stopped
    paused  | running | Kill TERM | ok                                                  | thawed
    created | running | Kill KILL | ok                                                  | stopped
    running | running | Kill KILL | ok                                                  | stopped
    paused  | running | Kill KILL | ok                                                  | thawed
    any     | running | Kill 99   | Unknown: unknown error after kill:
    any     | running | Exec      | AlreadyExists: id e: already exists
    any     | running | ResizePty | ok
    any     | running | CloseIO   | ok
    any     | running | Wait      | waits

    any     | failed  | State     | ok
    created | failed  | Start     | Unknown: cannot start a stopped process
    running | failed  | Start     | Unknown: cannot start a stopped process
    paused  | failed  | Start     | Unknown: cannot start a stopped process
    stopped | failed  | Start     | FailedPrecondition: init process is not running
    any     | failed  | Delete    | ok                                                  | deleted
    any     | failed  | Kill 0    | FailedPrecondition: process not created: failed precondition
    any     | failed  | Kill TERM | FailedPrecondition: process not created: failed precondition
    any     | failed  | Kill KILL | FailedPrecondition: process not created: failed precondition
    any     | failed  | Kill 99   | FailedPrecondition: process not created: failed precondition
    any     | failed  | Exec      | AlreadyExists: id e: already exists
    any     | failed  | ResizePty | ok
    any     | failed  | CloseIO   | ok
    any     | failed  | Wait      | ok

    any     | stopped | State     | ok
    any     | stopped | Start     | Unknown: cannot start a stopped process
    any     | stopped | Delete    | ok                                                  | deleted
    any     | stopped | Kill 0    | NotFound: process already finished: not found
    any     | stopped | Kill TERM | NotFound: process already finished: not found
    any     | stopped | Kill KILL | NotFound: process already finished: not found
    any     | stopped | Kill 99   | NotFound: process already finished: not found
    any     | stopped | Exec      | AlreadyExists: id e: already exists
    any     | stopped | ResizePty | Unknown: cannot resize a stopped container
    any     | stopped | CloseIO   | ok
    any     | stopped | Wait      | ok

    any     | deleted | State     | NotFound: process does not exist e: not found
    any     | deleted | Start     | NotFound: process does not exist e: not found
    any     | deleted | Delete    | ok
    any     | deleted | Kill 0    | NotFound: process does not exist e: not found
    any     | deleted | Kill TERM | NotFound: process does not exist e: not found
    any     | deleted | Kill KILL | NotFound: process does not exist e: not found
    any     | deleted | Kill 99   | NotFound: process does not exist e: not found
    created | deleted | Exec      | ok                                                  | added
    running | deleted | Exec      | ok                                                  | added
    paused  | deleted | Exec      | Unknown: cannot exec in a paused state
    stopped | deleted | Exec      | Unknown: cannot exec in a stopped state
    any     | deleted | ResizePty | NotFound: process does not exist e: not found
    any     | deleted | CloseIO   | NotFound: process does not exist e: not found
    any     | deleted | Wait      | NotFound: process does not exist e: not found
    """#
}
