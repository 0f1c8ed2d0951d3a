// SPDX-License-Identifier: Apache-2.0

internal import CLinux

package import struct SystemPackage.Errno

/// Signals through a descriptor (signalfd(2)).
package enum Signals {
  /// Blocks these signals and opens the descriptor that tells of them.
  package static func open(_ signals: [Int32]) throws(Errno) -> Descriptor {
    Descriptor(owning: try check(unsafe clinux_open_signals(signals, signals.count)))
  }

  /// The next pending signal. Signals of one number coalesce: SIGCHLD says "at least one child".
  package static func next(_ descriptor: borrowing Descriptor) -> Int32? {
    let signal = clinux_read_signal(descriptor.number)
    return signal > 0 ? signal : nil
  }
}
