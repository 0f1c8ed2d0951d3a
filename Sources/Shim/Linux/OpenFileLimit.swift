// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How many descriptors a process may open: the soft limit that programs expect, and the hard one.
package struct OpenFileLimit: Sendable {
  package let soft: UInt64
  package let hard: UInt64

  package static var current: OpenFileLimit {
    var limit = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return OpenFileLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
  }

  /// Raises our own soft limit to the hard one. Children get the old one back (`Command`).
  package static func raise() {
    let before = current
    var limit = rlimit(rlim_cur: rlim_t(before.hard), rlim_max: rlim_t(before.hard))
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
