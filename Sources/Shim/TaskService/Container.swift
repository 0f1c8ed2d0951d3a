// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf
internal import TTRPC

/// How a process ended, and when.
struct Exit: Equatable {
  let status: UInt32
  let time: Google_Protobuf_Timestamp

  /// Now.
  init(_ status: ExitStatus) {
    self.status = status.code
    time = .now
  }
}

/// What a restart in place would have to remember of a container: a value, apart from the handles.
struct ContainerRecord {
  let id: String
  let bundle: String
  let stdio: StdioPaths
  let pid: Int32
  var state = ProcessState.created
  var exit: Exit?
}

/// A container: its record, and beside it the handles and those who wait.
final class Container {
  var record: ContainerRecord
  let bundle: Bundle
  let process: InitProcess
  let io: ProcessIO
  /// Unanswered Waits for init.
  var waits: [PendingReply] = []
  /// An exit that was seen while Start was under way: told after the start.
  var earlyExit: Exit?
  var deletion: DeleteOperation?

  init(_ record: ContainerRecord, _ bundle: Bundle, _ process: InitProcess, _ io: ProcessIO) {
    self.record = record
    self.bundle = bundle
    self.process = process
    self.io = io
  }
}

/// A reply that is given later: a closure cannot consume a noncopyable value, but take one out of
/// here.
final class PendingReply {
  private var reply: Reply?

  init(_ reply: consuming Reply) { self.reply = consume reply }

  func take() -> Reply? { reply.take() }

  /// False once the caller's connection is gone.
  var isConnected: Bool { reply?.isConnected ?? false }
}
