// SPDX-License-Identifier: Apache-2.0

internal import Linux

package import struct SystemPackage.Errno

/// Like `Timer`, but exact to microseconds (timerfd_create(2)); libevent counts milliseconds.
package final class PaceTimer {
  private var watch: Watch?
  private let handler: () -> Void
  private var isScheduled = false

  package init(_ loop: EventLoop, handler: @escaping () -> Void) throws(Errno) {
    self.handler = handler
    watch = Watch(
      loop, try HighResolutionTimer.open(),
      onReadable: { [unowned self] in
        isScheduled = false
        self.handler()
        // Only now: it may have been set anew.
        if !isScheduled { watch?.awaitsReadable = false }
      })
  }

  package func schedule(afterMicroseconds delay: UInt64) {
    guard let watch else { return }
    // Setting it anew also takes back an expiration that nobody read.
    HighResolutionTimer.set(watch.descriptor, nanoseconds: delay * 1000)
    watch.awaitsReadable = true
    isScheduled = true
  }
}
