// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
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
    switch ExitOrder.fate(
      of: process.record.state, isInit: process.record.isInit,
      startHasFailed: process.startHasFailed)
    {
    case .keptUntilStarted: process.earlyExit = exit
    case .dropped: break
    case .held:
      let held = HeldExit(self, container, exit)
      container.heldExit = held
      held.endRest()
    case .told:
      tell(container, process, exit)
      container.heldExit?.proceed()
    }
  }

  func tell(_ container: Container, _ process: ContainerProcess, _ exit: Exit) {
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
