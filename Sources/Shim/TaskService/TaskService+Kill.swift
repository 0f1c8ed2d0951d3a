// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Glibc
internal import Runtime
internal import TTRPC

/// Signals: by us, since the runtime takes its time, and may hang.
extension TaskService {
  func kill(_ request: KillRequest, _ reply: consuming Reply) {
    do throws(TaskError) {
      let (container, process) = try self.process(request.id, request.execID)
      let signal = Int32(truncatingIfNeeded: request.signal)
      // What it was killed for is known from here on: see `KillCount`.
      if signal == SIGKILL { container.oom?.check() }
      if request.all && process.record.isInit {
        if try killAll(container, signal).isEmpty {
          let reply = PendingReply(reply)
          return container.runtime.lookWhetherItIsThere { error in
            reply.answer(error.map(TaskError.ofKill))
          }
        }
      } else {
        try process.record.state.check(.kill)
        guard let made = process.process else {
          throw process.record.isInit ? .noSuchContainer : .precondition("process not created")
        }
        do throws(RuntimeError) {
          try made.kill(signal: signal)
        } catch {
          throw .ofKill(error)
        }
      }
      if process.record.isInit, signal == SIGKILL { container.thaw() }
      reply.sendEmpty()
    } catch {
      reply.fail(error.status)
    }
  }

  /// Also when init has exited: something may be left.
  private func killAll(_ container: Container, _ signal: Int32) throws(TaskError) -> [Int32] {
    guard container.initProcess.process != nil else { throw .noSuchContainer }
    do throws(RuntimeError) {
      return try container.runtime.signalAll(signal, execs: container.liveExecs).own
    } catch {
      throw .ofKill(error)
    }
  }
}
