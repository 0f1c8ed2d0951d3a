// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// A one-shot timer that is a descriptor (timerfd_create(2)).
package enum HighResolutionTimer {
  package static func open() throws(Errno) -> Descriptor {
    Descriptor(owning: try check(clinux_open_timer()))
  }

  package static func set(_ timer: borrowing Descriptor, nanoseconds: UInt64) {
    _ = clinux_set_timer(timer.number, nanoseconds)
  }
}
