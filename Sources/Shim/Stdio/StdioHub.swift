// SPDX-License-Identifier: Apache-2.0

package import EventLoop

package import struct SystemPackage.Errno

/// What all streams of the process share: the loop, one inotify and one fine timer.
package final class StdioHub {
  package let loop: EventLoop
  package let inotify: Inotify
  private var pacer: PaceTimer?
  private var paced: [Relay] = []

  /// A stream of small writes takes its next turn this much later, so that lines gather.
  private static let pace: UInt64 = 200  // microseconds

  package init(_ loop: EventLoop) throws(Errno) {
    self.loop = loop
    inotify = Inotify(loop)
    pacer = try PaceTimer(loop) { [unowned self] in resumePaced() }
  }

  /// Gives the relay its turn a little later, together with the others that wait.
  func pace(_ relay: Relay) {
    if paced.isEmpty { pacer?.schedule(afterMicroseconds: Self.pace) }
    paced.append(relay)
  }

  private func resumePaced() {
    let due = paced
    paced.removeAll(keepingCapacity: true)
    for relay in due { relay.turnAfterPace() }
  }
}
