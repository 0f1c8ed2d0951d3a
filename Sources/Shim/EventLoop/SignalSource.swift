// SPDX-License-Identifier: Apache-2.0

internal import Linux

package import struct SystemPackage.Errno

/// Signals as one more descriptor of the loop (signalfd(2)): no handler of ours ever interrupts
/// anything. Children get an empty signal mask again (`Command`).
package final class SignalSource {
  package typealias Handler = (signal: Int32, call: () -> Void)

  private var watch: Watch?
  private let handlers: [Handler]

  /// Blocks the signals of the table and calls its handlers instead.
  package init(_ loop: EventLoop, _ handlers: [Handler]) throws(Errno) {
    self.handlers = handlers
    let descriptor = try Signals.open(handlers.map(\.signal))
    watch = Watch(loop, descriptor, onReadable: { [unowned self] in deliver() })
    watch?.awaitsReadable = true
  }

  private func deliver() {
    while let watch, let signal = Signals.next(watch.descriptor) {
      handlers.first { $0.signal == signal }?.call()
    }
  }
}
