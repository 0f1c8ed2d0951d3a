// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf

/// Exits, in the order that containerd's clients rely on: after the start, and init's last.
extension TaskService {
  func exited(_ container: Container, _ process: ContainerProcess, _ exit: Exit) {
    container.oom?.check(after: exit)
    handle(container, process, exit)
  }

  /// Also of one that was seen before its start was told: what it came from was looked for then, and
  /// what a neighbour has come to since would be taken for it.
  func handle(_ container: Container, _ process: ContainerProcess, _ exit: Exit) {
    if process.record.state == .starting {
      process.earlyExit = exit  // told after the start
    } else if process.startHasFailed, !process.record.isInit {
      return  // nobody was told of its start
    } else if process.record.isInit {
      initExited(container, exit)
    } else {
      tell(container, process, exit)
      tellHeldExit(container)
    }
  }

  /// When the first process of a pid namespace ends, the kernel ends the others. Without one of its own
  /// the container's processes would live on.
  private func initExited(_ container: Container, _ exit: Exit) {
    container.heldExit = exit
    if container.runtime.sharesPIDs, !container.isGivenUp {
      container.runtime.killAll(signal: SIGKILL) { [log] error in
        guard let error, error != .processFinished else { return }
        for exec in container.execs.values { try? exec.process?.kill(signal: SIGKILL) }
        log.error("processes may be left", ("id", container.id), ("error", "\(error)"))
      }
    }
    tellHeldExit(container)
  }

  /// Last of all, and when little of its output is unread (`LastReading`). Not after execs that are still
  /// to start: that may take the runtime its time, and their start fails now.
  private func tellHeldExit(_ container: Container) {
    let runs = container.execs.values.contains { $0.record.state == .running }
    guard !runs, container.heldExit != nil else { return }
    let process = container.initProcess
    process.io.whenNearlyRead(ifAwaited: { [unowned process] in process.isAwaited }) {
      [self, unowned container, unowned process] in
      guard let exit = container.heldExit.take() else { return }
      tell(container, process, exit)
      container.oom = nil
    }
  }

  private func tell(_ container: Container, _ process: ContainerProcess, _ exit: Exit) {
    process.record.state = .stopped
    process.record.exit = exit
    process.io.processExited()
    if !container.isGivenUp { record(container, process, exit) }
    process.answerWaits()
    if container.isGivenUp { return goOn(container, process) }
    events.publish(
      "/tasks/exit",
      TaskExit.with {
        $0.containerID = container.id
        $0.id = process.record.id
        $0.pid = UInt32(process.record.pid)
        $0.exitStatus = exit.status
        $0.exitedAt = exit.time
      })
    process.deletion?.exited()
  }

  /// Before anybody is told: see `ExitLog`.
  private func record(_ container: Container, _ process: ContainerProcess, _ exit: Exit) {
    let entry = ExitLog.Entry(
      exec: process.record.exec, pid: process.record.pid, status: exit.status,
      seconds: exit.time.seconds, nanoseconds: exit.time.nanos,
      outOfMemory: container.oom?.count ?? 0, bytesRelayed: process.io.bytesRelayed,
      bytesLeft: process.io.bytesLeft)
    do throws(BundleError) {
      try ExitLog.append(entry, to: container.bundle)
    } catch {
      log.error("an exit is not recorded", ("id", process.record.id), ("error", error.words))
    }
  }
}
