// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Linux
internal import Runtime
internal import SwiftProtobuf
internal import TTRPC

/// Start: let the process run its command, then tell. An exit that is seen meanwhile is told after
/// the start.
final class StartOperation {
  private let service: TaskService
  private let container: Container
  private let reply: PendingReply

  init(_ service: TaskService, _ container: Container, _ reply: consuming Reply) {
    self.service = service
    self.container = container
    self.reply = PendingReply(reply)
  }

  func begin() {
    container.record.state = .starting
    service.runtime.start(container.process) { [self] error in finish(error) }
  }

  private func finish(_ error: RuntimeError?) {
    let id = container.record.id
    let pid = UInt32(container.record.pid)
    container.record.state = error == nil ? .running : .created
    if let error {
      let status = TaskError(error).status
      service.log.error("start failed", ("id", id), ("error", status.message))
      reply.take()?.fail(status)
    } else {
      service.log.info("started", ("id", id), ("pid", String(pid)))
      service.events.publish(
        "/tasks/start",
        TaskStart.with {
          $0.containerID = id
          $0.pid = pid
        })
      reply.take()?.send(StartResponse.with { $0.pid = pid })
    }
    CurrentProcess.returnFreeMemory()
    if let exit = container.earlyExit.take() { service.exited(container, exit) }
  }
}
