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
    let (days, second) = now.seconds.quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = date(daysSince1970: days)
    let fields: [(Int64, width: Int, after: String)] = [
      (year, 4, "-"), (month, 2, "-"), (day, 2, "T"), (second / 3600, 2, ":"),
      (second / 60 % 60, 2, ":"), (second % 60, 2, "."), (Int64(now.nanoseconds), 9, "Z"),
    ]
    return fields.reduce(into: "") { text, field in
      let digits = String(field.0)
      text += String(repeating: "0", count: field.width - digits.utf8.count) + digits + field.after
    }
  }

  /// The Gregorian calendar, counted in years that begin in March, so that a leap day is the last.
  /// Not gmtime, which reads the machine's time zone files first.
  static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = daysSince1970 + 719_468  // since the first of March in year 0
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let isNextYear = month >= 10
    return (
      yearOfEra + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
      dayOfYear - (153 * month + 2) / 5 + 1
    )
  }
}
