// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio

/// Init's exit, from the moment that it was seen until it is told (`ExitOrder`); meanwhile what init leaves is
/// killed, where no pid namespace does it.
final class HeldExit {
  private static let firstPause = Duration.milliseconds(1)
  private static let longestPause = Duration.milliseconds(100)

  private let service: TaskService
  private unowned let container: Container
  private let exit: Exit
  private let seen = MonotonicClock.now
  private var order = ExitOrder()
  private var isReading = false
  private var timer: Timer?
  /// Nobody tells when what was killed is dead: it is looked at soon, then less often.
  private var pause = firstPause
  /// Who was there at the last look.
  private var left = Members()

  init(_ service: TaskService, _ container: Container, _ exit: Exit) {
    self.service = service
    self.container = container
    self.exit = exit
  }

  /// To be called at the exit, and when an exec has started: it may live on too.
  func endRest() {
    if container.runtime.sharesPIDs, !container.isGivenUp { look() }
    proceed()
  }

  /// To be called when an exec has ended, or has not started.
  func proceed() {
    switch order.step(
      after: MonotonicClock.now - seen, execs: container.execs.values.map(\.record.state))
    {
    case .wait(let longest): wait(order.restLives ? min(pause, longest) : longest)
    case .read: read()
    case .tell: tell()
    }
  }

  private func wait(_ time: Duration) {
    let timer =
      timer
      ?? Timer(service.hub.loop) { [unowned self] in
        if order.restLives { look() }
        proceed()
      }
    timer.schedule(after: time)
    self.timer = timer
  }

  private func look() {
    let again = order.restLives
    do throws(RuntimeError) {
      left = try container.runtime.signalAll(SIGKILL, execs: container.liveExecs)
    } catch {
      left = Members()
      for exec in container.liveExecs { try? exec.kill(signal: SIGKILL) }
      service.log.error("processes may be left", ("id", container.id), ("error", "\(error)"))
    }
    order.restLives = !left.own.isEmpty
    pause = again ? min(pause * 2, Self.longestPause) : Self.firstPause
  }

  /// When little of its output is unread (`LastReading`).
  private func read() {
    guard !isReading else { return }
    isReading = true
    timer?.cancel()
    let process = container.initProcess
    process.io.whenNearlyRead(ifAwaited: { [unowned process] in process.isAwaited }) {
      [unowned self] in
      order.isRead = true
      proceed()
    }
  }

  private func tell() {
    let container = container
    let me = container.heldExit.take()
    timer = nil
    for (words, pids) in [
      ("processes may be left", left.own), ("others use its control group", left.others),
    ] where !pids.isEmpty {
      let some = pids.prefix(10).map(String.init).joined(separator: " ")
      service.log.write(.warning, words, [("id", container.id), ("pids", some)])
    }
    service.tell(container, container.initProcess, exit)
    container.oom = nil
    withExtendedLifetime(me) {}
  }
}
