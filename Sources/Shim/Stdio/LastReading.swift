// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

/// Waits until clients have read the end of a process's output, as long as they do read.
///
/// containerd 1.6.20, and its ctr, close their FIFOs as soon as they hear of an exit, whatever is unread
/// in them (containerd#8643 put that right). What we hold then is lost: without this up to 2 MiB of each
/// stream, since pipes that are busy grow. So an exit is told when little is left.
///
/// When nobody waits for the exit it is told at once. containerd may be restarting then, and its CRI drops
/// the exit of a container that it finds running and has not yet entered into its list.
final class LastReading {
  /// As much as lies in a pipe that has not grown, where clients lose nothing in practice. Less output
  /// than this never holds up an exit.
  static let little = 64 * 1024
  private static let interval = Duration.milliseconds(2)
  /// Who has not read anything for this long may be no reader at all: it has detached.
  private static let pause = Duration.seconds(1)
  /// As long as Delete would wait.
  private static let limit = Duration.seconds(10)

  private let loop: EventLoop
  private let bytesRead: () -> UInt64
  private let isAwaited: () -> Bool
  /// What will have been read when little is left. What processes write that live on does not count.
  private let goal: UInt64
  private var onEnd: (() -> Void)?
  private var timer: Timer?
  private var last: UInt64
  private let began = MonotonicClock.now
  private var progressed = MonotonicClock.now

  init(
    _ loop: EventLoop, bytesLeft: Int, bytesRead: @escaping () -> UInt64,
    isAwaited: @escaping () -> Bool
  ) {
    self.loop = loop
    self.isAwaited = isAwaited
    self.bytesRead = bytesRead
    last = bytesRead()
    goal = last + UInt64(max(0, bytesLeft - Self.little))
  }

  /// Calls the handler once, maybe before this returns.
  func wait(_ onEnd: @escaping () -> Void) {
    if last >= goal || !isAwaited() { return onEnd() }
    self.onEnd = onEnd
    let timer = Timer(loop) { [unowned self] in look() }
    timer.schedule(after: Self.interval)
    self.timer = timer
  }

  private func look() {
    let now = MonotonicClock.now
    let read = bytesRead()
    if read > last {
      last = read
      progressed = now
    }
    if read < goal, isAwaited(), now - progressed < Self.pause, now - began < Self.limit {
      timer?.schedule(after: Self.interval)
    } else {
      timer = nil
      onEnd.take()?()
    }
  }
}
