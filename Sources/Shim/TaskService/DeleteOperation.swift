// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf
internal import TTRPC

/// Delete: end a process that never started, wait until its output is in the FIFOs, remove what the
/// runtime keeps, tell. Several calls share one operation and its answer.
final class DeleteOperation {
  /// How long a full FIFO, an orphan that holds the output open, or a process that does not die may
  /// hold up Delete: as in containerd's own shim.
  private static let limit = Duration.seconds(10)

  private let service: TaskService
  private let container: Container
  private let process: ContainerProcess
  private var replies: [PendingReply] = []
  private var timer: Timer?

  init(_ service: TaskService, _ container: Container, _ process: ContainerProcess) {
    self.service = service
    self.container = container
    self.process = process
  }

  func add(_ reply: PendingReply) {
    replies.append(reply)
    if process.deletion == nil { begin() }
  }

  /// Nobody asks for it, and nobody is told.
  func abandon() {
    if process.deletion == nil { begin() }
  }

  private func begin() {
    process.deletion = self
    if process.record.exit != nil {
      waitForOutput()
    } else if let made = process.process {
      // Created and never started. `exited` goes on, unless the kernel does not let go of it.
      try? made.kill(signal: SIGKILL)
      if process.record.isInit { container.thaw() }
      wait { [unowned self] in fail(.unknown("process \(made.pid) does not end")) }
    } else {
      removeContainer()  // an exec without a process, or an init that was not restored
    }
  }

  func exited() { waitForOutput() }

  private func waitForOutput() {
    if process.io.isRelayed { return removeContainer() }
    wait { [unowned self] in removeContainer() }
    process.io.whenRelayed { [unowned self] in removeContainer() }
  }

  private func wait(orElse: @escaping () -> Void) {
    let timer = Timer(service.hub.loop, handler: orElse)
    timer.schedule(after: Self.limit)
    self.timer = timer
  }

  private func removeContainer() {
    timer = nil
    process.io.whenRelayed {}
    // What the runtime, the mounts and the group of that name are now `delete` has seen to.
    guard process.record.isInit, !container.isGivenUp else { return finish() }
    container.queue.add { [self] turn in
      // By force what never ran: a restore may have left something.
      container.runtime.delete(force: process.record.exit == nil) { [self] error in
        withExtendedLifetime(turn) {
          if let error { fail(TaskError(error)) } else { finish() }
        }
      }
    }
  }

  /// The container stays as it is, and may be deleted again.
  private func fail(_ error: TaskError) {
    service.log.error("delete failed", ("id", process.record.id), ("error", error.status.message))
    for reply in replies.takeAll() { reply.take()?.fail(error.status) }
    process.deletion = nil
  }

  private func finish() {
    let record = process.record
    tellOfOutput(record.id)
    process.io.close()
    let response = DeleteResponse.with {
      $0.pid = UInt32(record.pid)
      $0.exitStatus = record.exit?.status ?? 0
      $0.exitedAt = record.exit?.time ?? .never
    }
    // Execs that have not started, and now cannot, have no exit that would end their Waits.
    for process in record.isInit ? container.processes : [process] { process.answerWaits() }
    if record.isInit { forgetContainer() } else { forgetExec(response) }
    let isAbandoned = !replies.contains(where: \.isConnected)
    for reply in replies.takeAll() { reply.take()?.send(response) }
    if record.isInit, !container.isGivenUp { publish(response) }
    process.deletion = nil
    service.tidySoon()
    if isAbandoned && record.isInit { service.endUnasked() }
  }

  private func forgetContainer() {
    try? InitRecord.remove(from: container.bundle)
    CreateRecord.remove(from: container.bundle)
    service.containers[container.id] = nil
  }

  /// containerd's own shim sends no event for an exec.
  private func publish(_ response: DeleteResponse) {
    service.events.publish(
      "/tasks/delete",
      TaskDelete.with {
        $0.containerID = container.id
        $0.pid = response.pid
        $0.exitStatus = response.exitStatus
        $0.exitedAt = response.exitedAt
      })
  }

  private func forgetExec(_ response: DeleteResponse) {
    container.execs[process.record.exec] = nil
    container.deleted.add(process.record.exec, response)
  }

  private func tellOfOutput(_ id: String) {
    let io = process.io
    let left = io.bytesLeft
    let lost = left > 0 || io.bytesDropped > 0
    service.log.write(
      lost ? .warning : .info, "deleted",
      [
        ("id", id), ("output_bytes", String(io.bytesRelayed)), ("unread_bytes", String(left)),
        ("dropped_bytes", String(io.bytesDropped)),
      ])
  }
}
