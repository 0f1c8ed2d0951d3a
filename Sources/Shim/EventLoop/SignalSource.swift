// SPDX-License-Identifier: Apache-2.0

internal import Linux

package import struct SystemPackage.Errno

/// Signals as one more descriptor of the loop (signalfd(2)): no handler of ours ever interrupts
/// anything. Children get an empty signal mask again (`Command`).
package final class SignalSource {
  private var watch: Watch?
  private var handlers: [Int32: () -> Void] = [:]

  /// Blocks the signals of the table and calls its handlers instead.
  package init(_ loop: EventLoop, _ handlers: [Int32: () -> Void]) throws(Errno) {
    self.handlers = handlers
    let descriptor = try Signals.open(Array(handlers.keys))
    watch = Watch(loop, descriptor, onReadable: { [unowned self] in deliver() })
    watch?.awaitsReadable = true
  }

  private func deliver() {
    while let watch, let signal = Signals.next(watch.descriptor) {
      handlers[signal]?()
    }
  }
}
