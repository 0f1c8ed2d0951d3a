// SPDX-License-Identifier: Apache-2.0

package import EventLoop

package import struct SystemPackage.Errno

/// What all streams of the process share: the loop, one inotify and one fine timer, and what loggers
/// need.
package final class StdioHub {
  package let loop: EventLoop
  package let inotify: Inotify
  private var pacer: PaceTimer?
  private var paced: [PipeRelay] = []
  let children: ChildProcesses
  let namespace: String
  let warn: (_ words: String, _ fields: [(key: String, value: String)]) -> Void
  /// Loggers that were told to end and have not.
  private var endingLoggers = 0
  private var onLoggersEnded: (() -> Void)?

  /// A busy stream takes its next turn this much later, so that lines gather. The writer of 5 GB/s fills
  /// a pipe of 1 MiB in 200, and would stand still from then on.
  private static let pace: UInt64 = 130  // microseconds

  package init(
    _ loop: EventLoop, _ children: ChildProcesses, namespace: String,
    warn: @escaping (_ words: String, _ fields: [(key: String, value: String)]) -> Void
  ) throws(Errno) {
    self.loop = loop
    self.children = children
    self.namespace = namespace
    self.warn = warn
    inotify = Inotify(loop)
    pacer = try PaceTimer(loop) { [unowned self] in resumePaced() }
  }

  func loggerIsEnding() { endingLoggers += 1 }

  func loggerEnded() {
    endingLoggers -= 1
    if endingLoggers == 0 { onLoggersEnded.take()?() }
  }

  /// Calls the handler once no logger is left that was told to end: none has more than 12 s.
  package func whenLoggersHaveEnded(_ handler: @escaping () -> Void) {
    if endingLoggers == 0 { handler() } else { onLoggersEnded = handler }
  }

  /// Gives the relay its turn a little later, together with the others that wait.
  func pace(_ relay: PipeRelay) {
    if paced.isEmpty { pacer?.schedule(afterMicroseconds: Self.pace) }
    paced.append(relay)
  }

  private func resumePaced() {
    let due = paced
    paced.removeAll(keepingCapacity: true)
    for relay in due { relay.turnAfterPace() }
  }
}
