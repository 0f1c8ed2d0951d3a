// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf
internal import TTRPC

/// Start: let init run its command, or make the process of an exec or of an init that is restored;
/// then tell. An exit that is seen meanwhile is told after the start.
final class StartOperation {
  private let service: TaskService
  private let container: Container
  private let process: ContainerProcess
  private let reply: PendingReply
  /// Init's turn in the container's queue.
  private var turn: OperationQueue.Turn?

  init(
    _ service: TaskService, _ container: Container, _ process: ContainerProcess,
    _ reply: consuming Reply
  ) {
    self.service = service
    self.container = container
    self.process = process
    self.reply = PendingReply(reply)
  }

  func begin() {
    process.record.state = .starting
    if process.record.isInit {
      container.oom?.isHeld = true
      container.queue.add { [self] turn in
        self.turn = turn
        container.runtime.start { [self] in started($0) }
      }
    } else {
      process.io.prepare(id: process.record.exec) { [self] error in
        if let error = error.map(TaskError.init) ?? container.refusalOfExecs {
          finish(error)
        } else {
          startExec()
        }
      }
    }
  }

  private func startExec() {
    guard let spec = process.spec else { return finish(.unknown("started twice")) }
    container.runtime.exec(
      ExecRequest(id: process.record.exec, spec: spec), io: process.io,
      onExit: { [service, container, process] status in
        service.exited(container, process, Exit(status))
      },
      completion: { [self] in started($0) })
  }

  private func started(_ result: Result<RuntimeProcess, RuntimeError>) {
    switch result {
    case .success(let made): connect(made)
    case .failure(let error):
      // It may run, and never be told of.
      if case .abandoned = error { try? process.process?.kill(signal: SIGKILL) }
      finish(TaskError(error))
    }
  }

  /// Output is lost if the client does not open its ends: it has this long, then Start fails.
  private func connect(_ made: RuntimeProcess) {
    process.process = made
    process.record.pid = made.pid
    if process.record.isInit, container.oom == nil {
      service.watchMemory(of: container)
      container.oom?.isHeld = true
    }
    if let late = container.refusalOfExecs { return abandon(late) }
    process.io.connect { [self] error in
      if let error = error.map(TaskError.init) ?? container.refusalOfExecs {
        abandon(error)
      } else {
        finish(nil)
      }
    }
  }

  /// Ends what the runtime has made: nobody will be told of it.
  private func abandon(_ error: TaskError) {
    try? process.process?.kill(signal: SIGKILL)
    finish(error)
  }

  private func finish(_ error: TaskError?) {
    defer { turn = nil }  // what waits for it looks at the new state
    if let error {
      process.record.state = .created
      process.startHasFailed = true
      service.log.error(
        "start failed", ("id", process.record.id), ("error", error.status.message))
      reply.take()?.fail(error.status)
      if !process.record.isInit { forget() }
    } else {
      tell()
    }
    service.tidySoon()
    if process.record.isInit { container.oom?.isHeld = false }
    if let exit = process.earlyExit.take() { service.handle(container, process, exit) }
    if !process.record.isInit { container.heldExit?.endRest() }
  }

  /// Nobody will ever see this exec run: it stays created, until it is deleted.
  private func forget() {
    process.process = nil
    process.record.pid = 0
    process.spec = nil
    process.io.close()
    process.answerWaits()
  }

  private func tell() {
    let record = process.record
    let pid = UInt32(record.pid)
    process.record.state = .running
    process.spec = nil
    reply.take()?.send(StartResponse.with { $0.pid = pid })
    service.log.info("started", ("id", record.id), ("pid", String(pid)))
    if record.isInit {
      service.events.publish(
        "/tasks/start",
        TaskStart.with {
          $0.containerID = record.container
          $0.pid = pid
        })
    } else {
      service.events.publish(
        "/tasks/exec-started",
        TaskExecStarted.with {
          $0.containerID = record.container
          $0.execID = record.exec
          $0.pid = pid
        })
    }
  }
}
