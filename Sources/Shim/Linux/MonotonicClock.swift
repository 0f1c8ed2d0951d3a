// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Time that never jumps, for deadlines (CLOCK_MONOTONIC, which libevent's timers follow as well).
/// Swift's own clocks are part of its concurrency library, which nothing else here needs.
package enum MonotonicClock {
  /// Since some moment that is the same for the whole life of this process.
  package static var now: Duration { .nanoseconds(nanoseconds) }

  /// The same as a number, for what is measured so often that a Duration's 128 bits would show.
  package static var nanoseconds: Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
