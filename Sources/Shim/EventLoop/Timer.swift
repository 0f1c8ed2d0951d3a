// SPDX-License-Identifier: Apache-2.0

internal import CLibevent

/// Calls its handler once, some time after `schedule`; an idle loop has none scheduled.
@safe package final class Timer {
  private var event: OpaquePointer?
  private let loop: EventLoop
  private let owner: StaticString
  private let handler: () -> Void

  /// - Parameter owner: what `LoopLag` calls the handler's turns.
  package init(
    _ loop: EventLoop, owner: StaticString = #fileID, handler: @escaping () -> Void
  ) {
    self.loop = loop
    self.owner = owner
    self.handler = handler
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe event = event_new(
      loop.base, -1, 0,
      { _, _, me in
        guard let me = unsafe me else { return }
        let timer = unsafe Unmanaged<Timer>.fromOpaque(me).takeUnretainedValue()
        timer.loop.turn(of: timer.owner, timer.handler)
      }, me)
  }

  deinit { unsafe event_free(event) }

  /// Replaces an earlier schedule.
  package func schedule(after delay: Duration) {
    let (seconds, attoseconds) = delay.components
    var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    unsafe event_add(event, &time)
  }

  package func cancel() { unsafe event_del(event) }

  package var isScheduled: Bool { unsafe event_pending(event, Int16(EV_TIMEOUT), nil) != 0 }
}
