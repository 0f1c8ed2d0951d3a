// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf
internal import TTRPC

/// Delete: end a process that never started, wait until its output is in the FIFOs, tell. Several calls
/// share one operation and its answer.
final class DeleteOperation {
  /// How long a full FIFO, or an orphan that holds the output open, may hold up Delete: as in
  /// containerd's own shim.
  private static let relayLimit = Duration.seconds(10)

  private let service: TaskService
  private let container: Container
  private var replies: [PendingReply] = []
  private var timer: Timer?

  init(_ service: TaskService, _ container: Container) {
    self.service = service
    self.container = container
  }

  func add(_ reply: PendingReply) {
    replies.append(reply)
    if container.deletion == nil { begin() }
  }

  private func begin() {
    container.deletion = self
    if container.record.exit != nil {
      waitForOutput()
    } else {
      // Created and never started. `exited` goes on.
      service.end(container.process)
    }
  }

  func exited() { waitForOutput() }

  private func waitForOutput() {
    if container.io.isRelayed { return finish() }
    let timer = Timer(service.hub.loop) { [unowned self] in finish() }
    timer.schedule(after: Self.relayLimit)
    self.timer = timer
    container.io.whenRelayed { [unowned self] in finish() }
  }

  private func finish() {
    let record = container.record
    guard let exit = record.exit else { preconditionFailure("deleted before its exit") }
    tellOfOutput(record.id)
    container.io.close()
    try? InitRecord.remove(from: container.bundle)
    service.containers[record.id] = nil
    service.events.publish(
      "/tasks/delete",
      TaskDelete.with {
        $0.containerID = record.id
        $0.pid = UInt32(record.pid)
        $0.exitStatus = exit.status
        $0.exitedAt = exit.time
      })
    let response = DeleteResponse.with {
      $0.pid = UInt32(record.pid)
      $0.exitStatus = exit.status
      $0.exitedAt = exit.time
    }
    for reply in replies.takeAll() { reply.take()?.send(response) }
    timer = nil
    container.deletion = nil
  }

  private func tellOfOutput(_ id: String) {
    let io = container.io
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
