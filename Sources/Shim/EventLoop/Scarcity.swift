// SPDX-License-Identifier: Apache-2.0

internal import Linux

package import struct SystemPackage.Errno

/// What is to be done also when descriptors, processes or memory have run out: what ends a container gives
/// them back. It is tried with the reserve of descriptors, and again while others may let go of some.
package enum Scarcity {
  private static let pause = Duration.milliseconds(100)
  /// As long as Delete waits for other things.
  private static let limit = Duration.seconds(10)

  /// Tries now, and if it must then again for a while; tells the last error.
  package static func insist(
    _ loop: EventLoop, _ children: ChildProcesses, _ attempt: @escaping () throws(Errno) -> Void,
    orElse: @escaping (Errno) -> Void
  ) {
    let end = MonotonicClock.now + limit
    var timer: Timer?
    func tryAgain() {
      do throws(Errno) {
        try children.withReserve(attempt)
        timer = nil
      } catch {
        guard error.isOfScarcity, MonotonicClock.now < end else {
          timer = nil
          return orElse(error)
        }
        let again = timer ?? Timer(loop) { tryAgain() }
        again.schedule(after: pause)
        timer = again
      }
    }
    tryAgain()
  }
}

extension Errno {
  /// Whether it may pass when others let go of what they have.
  package var isOfScarcity: Bool {
    [.resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem]
      .contains(self)
  }
}
