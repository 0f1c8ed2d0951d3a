// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// The processor time of a process: in nanoseconds, and with that of its threads that have ended, which
/// /proc/PID/task has no more.
struct ProcessorTime {
  private let clock: clockid_t

  init(of pid: Int32) throws {
    var clock: clockid_t = 0
    let error = clock_getcpuclockid(pid, &clock)
    guard error == 0 else { throw TestFailure("the clock of process \(pid): error \(error)") }
    self.clock = clock
  }

  var seconds: Double {
    get throws {
      var time = timespec()
      guard clock_gettime(clock, &time) == 0 else { throw TestFailure("the process is gone") }
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }
}

extension [ProcessorTime] {
  /// Of all together.
  var seconds: Double { get throws { try reduce(0) { try $0 + $1.seconds } } }
}
