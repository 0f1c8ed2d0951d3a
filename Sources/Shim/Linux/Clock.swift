// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package enum MonotonicClock {
  /// Time since some moment in the past; read without a system call (vdso(7)).
  package static var nanoseconds: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
