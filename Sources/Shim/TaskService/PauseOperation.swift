// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Runtime
internal import SwiftProtobuf
internal import TTRPC

/// Pause or Resume: the runtime freezes or thaws all processes of a container; then tell.
final class PauseOperation {
  private let service: TaskService
  private let container: Container
  private let reply: PendingReply
  private let pauses: Bool

  init(_ service: TaskService, _ container: Container, pauses: Bool, _ reply: consuming Reply) {
    self.service = service
    self.container = container
    self.pauses = pauses
    self.reply = PendingReply(reply)
  }

  func begin() {
    container.queue.add { [self] turn in
      do throws(TaskError) {
        // Now, not when it was asked for: what was queued before has changed the state.
        container.lookWhetherItIsPaused()
        let state = container.initProcess.record.state
        // One that somebody else has frozen counts as running, and may be thawed.
        if pauses || state != .running || container.runtime.isFrozen != true {
          try state.check(pauses ? .pause : .resume)
        }
      } catch {
        return reply.answer(error)
      }
      container.isPausing = pauses
      let finish = { [self] (error: RuntimeError?) in
        withExtendedLifetime(turn) { self.finish(error) }
      }
      if pauses {
        container.runtime.pause(completion: finish)
      } else {
        container.runtime.resume(completion: finish)
      }
    }
  }

  private func finish(_ error: RuntimeError?) {
    container.isPausing = false
    // It may be frozen, and nobody would know.
    if pauses, case .abandoned? = error { container.runtime.resume { _ in } }
    if let error { return reply.answer(TaskError(error)) }
    // It ended meanwhile: after its exit there is nothing to tell.
    if container.initHasExited { return reply.answer(.finished) }
    container.initProcess.record.state = pauses ? .paused : .running
    if pauses {
      service.events.publish("/tasks/paused", TaskPaused.with { $0.containerID = container.id })
    } else {
      service.events.publish("/tasks/resumed", TaskResumed.with { $0.containerID = container.id })
    }
    reply.answer(nil)
  }
}

extension TaskService {
  func pause(_ request: PauseRequest, _ reply: consuming Reply) {
    pause(request.id, pauses: true, reply)
  }

  func resume(_ request: ResumeRequest, _ reply: consuming Reply) {
    pause(request.id, pauses: false, reply)
  }

  private func pause(_ id: String, pauses: Bool, _ reply: consuming Reply) {
    do throws(TaskError) {
      PauseOperation(self, try container(id), pauses: pauses, reply).begin()
    } catch {
      reply.fail(error.status)
    }
  }
}
