// SPDX-License-Identifier: Apache-2.0

internal import Glibc

package enum WallClock {
  /// Seconds and nanoseconds since 1970 (UTC).
  package static var now: (seconds: Int64, nanoseconds: Int32) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return (Int64(time.tv_sec), Int32(time.tv_nsec))
  }

  /// Now, as `2026-01-31T23:59:59.123456789Z`.
  package static var rfc3339: String {
    let now = self.now
    var seconds = time_t(now.seconds)
    var date = unsafe tm()
    _ = unsafe gmtime_r(&seconds, &date)
    let fields: [(Int32, width: Int, after: String)] = unsafe [
      (date.tm_year + 1900, 4, "-"), (date.tm_mon + 1, 2, "-"), (date.tm_mday, 2, "T"),
      (date.tm_hour, 2, ":"), (date.tm_min, 2, ":"), (date.tm_sec, 2, "."),
      (now.nanoseconds, 9, "Z"),
    ]
    return fields.reduce(into: "") { text, field in
      let digits = String(field.0)
      text += String(repeating: "0", count: field.width - digits.utf8.count) + digits + field.after
    }
  }
}
