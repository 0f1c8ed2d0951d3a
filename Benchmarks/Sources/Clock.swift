// SPDX-License-Identifier: Apache-2.0

import Linux

enum Clock {
  /// Of CLOCK_MONOTONIC, as the C programs read it too.
  static var milliseconds: Double { Double(MonotonicClock.nanoseconds) / 1_000_000 }
}
