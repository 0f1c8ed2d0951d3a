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

/// What a restart in place would have to remember of a process: a value, apart from the handles.
struct ProcessRecord {
  let container: String
  /// Empty for init.
  let exec: String
  let stdio: StdioPaths
  let isTerminal: Bool
  /// 0 before the start of an exec, or of an init that is restored.
  var pid: Int32 = 0
  var state = ProcessState.created
  var exit: Exit?

  var isInit: Bool { exec.isEmpty }
  /// What State and events call it.
  var id: String { isInit ? container : exec }
}

/// A process of a container, init or an exec: its record, and beside it the handles and those who
/// wait.
final class ContainerProcess {
  var record: ProcessRecord
  let io: ProcessIO
  /// Nil before the start of an exec, or of an init that is restored.
  var process: RuntimeProcess?
  /// An exec's OCI `process`, until it is started.
  var spec: [UInt8]?
  /// An exec that could not be started never ends: Waits are answered with nothing.
  var startHasFailed = false
  /// Unanswered Waits.
  var waits: [PendingReply] = []
  /// An exit that was seen while its start was under way: told after that.
  var earlyExit: Exit?
  var deletion: DeleteOperation?

  init(_ record: ProcessRecord, _ io: ProcessIO) {
    self.record = record
    self.io = io
  }

  /// Whether a client that is there waits for the end.
  var isAwaited: Bool { waits.contains(where: \.isConnected) }

  func answerWaits() {
    let response = WaitResponse.with {
      $0.exitStatus = record.exit?.status ?? 0
      $0.exitedAt = record.exit?.time ?? .never
    }
    for wait in waits.takeAll() { wait.take()?.send(response) }
  }

}

/// A container: its processes, and the runtime's handle of it.
final class Container {
  let id: String
  let bundle: Bundle
  let runtime: any RuntimeContainer
  let initProcess: ContainerProcess
  var execs: [String: ContainerProcess] = [:]
  /// What the OCI runtime is to do for init, one after the other.
  let queue = OperationQueue()
  /// The runtime is about to pause it.
  var isPausing = false
  var deleted = DeletedExecs()
  var oom: OOMWatch?
  /// Init's exit, until it is told, last of all.
  var heldExit: HeldExit?
  /// containerd has run `delete` for it, which has ended it: its name may be another's by now.
  var isGivenUp = false

  init(
    _ id: String, _ bundle: Bundle, _ runtime: any RuntimeContainer, _ initProcess: ContainerProcess
  ) {
    self.id = id
    self.bundle = bundle
    self.runtime = runtime
    self.initProcess = initProcess
  }

  /// It may not have been told: then the container still counts as running.
  var initHasExited: Bool { heldExit != nil || initProcess.record.exit != nil }
  /// Why no exec may start any more: init's exit is a container's last.
  var refusalOfExecs: TaskError? {
    initProcess.record.exit == nil
      ? nil : .precondition("container \(id) init process is not running")
  }
  /// Those that have been made. Also such as nobody was told of.
  var liveExecs: [RuntimeProcess] {
    execs.values.filter { $0.record.state != .stopped }.compactMap(\.process)
  }
  var processes: [ContainerProcess] { [initProcess] + execs.values }

  /// One that was paused may have been thawed by somebody else: the kernel's word counts. Not the other way
  /// round: the runtime itself freezes a container now and then, and containerd's clients do not expect to
  /// find it paused.
  func lookWhetherItIsPaused() {
    if initProcess.record.state == .paused, runtime.isFrozen == false {
      initProcess.record.state = .running
    }
  }

  /// What was sent SIGKILL is to die, whoever has frozen it.
  func thaw() {
    let isPaused = isPausing || initProcess.record.state == .paused
    runtime.thaw(isPaused: isPaused)
    // The runtime may be about to freeze it.
    if isPausing {
      queue.add { [runtime] _ in runtime.thaw(isPaused: true) }
    }
  }

  /// What the runtime is to do for init, after all that was asked before: the state that counts is that
  /// of then.
  func inTurn(
    _ call: ProcessState.Call, _ reply: PendingReply,
    _ work: @escaping (@escaping (RuntimeError?) -> Void) -> Void
  ) {
    queue.add { [self] turn in
      do throws(TaskError) {
        lookWhetherItIsPaused()
        try initProcess.record.state.check(call)
      } catch {
        return reply.answer(error)
      }
      work { error in withExtendedLifetime(turn) { reply.answer(error.map(TaskError.init)) } }
    }
  }
}

/// A reply that is given later: a closure cannot consume a noncopyable value, but take one out of
/// here.
final class PendingReply {
  private var reply: Reply?

  init(_ reply: consuming Reply) { self.reply = consume reply }

  func take() -> Reply? { reply.take() }

  /// With an empty message, or with an error.
  func answer(_ error: TaskError?) {
    guard let reply = take() else { return }
    if let error { reply.fail(error.status) } else { reply.sendEmpty() }
  }

  /// False once the caller's connection is gone.
  var isConnected: Bool { reply?.isConnected ?? false }
}
