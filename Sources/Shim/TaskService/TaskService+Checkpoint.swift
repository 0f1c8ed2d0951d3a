// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Runtime
internal import SwiftProtobuf
internal import TTRPC

extension TaskService {
  /// The container goes on, unless the options say otherwise. No event: containerd sends it.
  func checkpoint(_ request: CheckpointTaskRequest, _ reply: consuming Reply) {
    let reply = PendingReply(reply)
    do throws(TaskError) {
      let container = try self.container(request.id)
      let wanted = try CheckpointRequest(request)
      container.inTurn(.checkpoint, reply) { completion in
        container.runtime.checkpoint(wanted) { error in
          // CRIU has frozen the container, and is no more there to thaw it.
          if case .abandoned? = error, container.initProcess.record.state != .paused {
            container.runtime.resume { _ in }
          }
          completion(error)
        }
      }
    } catch {
      reply.answer(error)
    }
  }
}

extension CheckpointRequest {
  private static let optionsType = "containerd.runc.v1.CheckpointOptions"

  init(_ request: CheckpointTaskRequest) throws(TaskError) {
    self.init()
    imagePath = request.path
    if request.hasOptions, request.options != Google_Protobuf_Any() {
      guard request.options.messageName == Self.optionsType,
        let options = try? RuncCheckpointOptions(serializedBytes: request.options.value)
      else { throw .invalid("checkpoint options are no \(Self.optionsType)") }
      set(options)
    }
    guard imagePath.hasPrefix("/"), !holdsNUL else {
      throw .invalid("checkpoint \"\(imagePath)\": no absolute path, or an option holds a NUL")
    }
  }

  private mutating func set(_ options: RuncCheckpointOptions) {
    workPath = options.workPath
    parentPath = options.parentPath
    exits = options.exit
    openTCP = options.openTcp
    externalUnixSockets = options.externalUnixSockets
    shellJob = options.terminal
    fileLocks = options.fileLocks
    emptyNamespaces = options.emptyNamespaces
  }
}
