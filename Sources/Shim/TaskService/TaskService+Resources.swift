// SPDX-License-Identifier: Apache-2.0

internal import CgroupMetrics
internal import ContainerdAPI
internal import Linux
internal import Runtime
internal import SwiftProtobuf
internal import TTRPC

/// What a container uses, and what it may use.
extension TaskService {
  /// Also of a container whose processes have ended: its group lives until Delete.
  func stats(_ request: StatsRequest) throws(TaskError) -> StatsResponse {
    let container = try self.container(request.id)
    do throws(RuntimeError) {
      // Without a group of its own nothing is counted, and containerd's own shims answer an empty table.
      let group = try container.runtime.cgroup() ?? .uncounted
      return .with {
        $0.stats =
          group.isUnified
          ? .init(packing: CgroupV2Metrics(group)) : .init(packing: CgroupV1Metrics(group))
      }
    } catch {
      throw TaskError(error)
    }
  }

  /// To be called once it has a process, and so a group.
  func watchMemory(of container: Container) {
    container.oom = OOMWatch(hub, container.runtime, log) { [events, id = container.id] in
      events.publish("/tasks/oom", TaskOOM.with { $0.containerID = id })
    }
  }

  func update(_ request: UpdateTaskRequest, _ reply: consuming Reply) {
    let reply = PendingReply(reply)
    do throws(TaskError) {
      let container = try self.container(request.id)
      container.inTurn(.update, reply) { completion in
        container.runtime.update(Array(request.resources.value), completion: completion)
      }
    } catch {
      reply.answer(error)
    }
  }
}
