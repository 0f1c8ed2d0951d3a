// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Time since boot as /proc/PID/stat counts it: see `ProcessIdentity.start`.
package enum BootClock {
  package static var ticks: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    let perSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    return UInt64(time.tv_sec) * perSecond + UInt64(time.tv_nsec) * perSecond / 1_000_000_000
  }
}
