// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import Glibc
internal import Linux
package import Runtime
package import Stdio
internal import SwiftProtobuf
internal import TTRPC

/// The Task API: one short method for each RPC. What takes several turns of the loop is an operation
/// in a file of its own (Create, Start, Delete).
package final class TaskService {
  let runtime: any ContainerRuntime
  let hub: StdioHub
  let events: EventPublisher
  let log: Log
  /// Called when the last task is gone and containerd has no more use for this shim.
  private let onShutdown: () -> Void
  private var reservations = Reservations()
  private var reservationsEnd: Timer?
  var containers: [String: Container] = [:]
  /// Creates under way: their ids are taken, and known to nobody yet.
  var creations: [String: CreateOperation] = [:]
  private var isEnding = false

  package init(
    runtime: any ContainerRuntime, hub: StdioHub, events: EventPublisher, log: Log,
    onShutdown: @escaping () -> Void
  ) {
    self.runtime = runtime
    self.hub = hub
    self.events = events
    self.log = log
    self.onShutdown = onShutdown
  }

  func create(_ request: CreateTaskRequest, _ reply: consuming Reply) {
    guard !isEnding else {
      return reply.fail(TaskError.shuttingDown.status)
    }
    CreateOperation(self, request, reply).begin()
  }

  func start(_ request: StartRequest, _ reply: consuming Reply) {
    do throws(TaskError) {
      let container = try self.container(request.id, exec: request.execID)
      try container.record.state.check(.start)
      StartOperation(self, container, reply).begin()
    } catch {
      reply.fail(error.status)
    }
  }

  func delete(_ request: DeleteRequest, _ reply: consuming Reply) {
    // containerd has given up waiting for a Create; it asks for Shutdown next.
    creations[request.id]?.cancel()
    do throws(TaskError) {
      let container = try self.container(request.id, exec: request.execID)
      try container.record.state.check(.delete)
      let deletion = container.deletion ?? DeleteOperation(self, container)
      deletion.add(PendingReply(reply))
    } catch {
      reply.fail(error.status)
    }
  }

  func state(_ request: StateRequest) throws(TaskError) -> StateResponse {
    let record = try container(request.id, exec: request.execID).record
    return .with {
      $0.id = record.id
      $0.bundle = record.bundle
      $0.pid = UInt32(record.pid)
      $0.status = record.state.status
      $0.stdin = record.stdio.stdin
      $0.stdout = record.stdio.stdout
      $0.stderr = record.stdio.stderr
      $0.exitStatus = record.exit?.status ?? 0
      $0.exitedAt = record.exit?.time ?? .never
    }
  }

  func wait(_ request: WaitRequest, _ reply: consuming Reply) {
    do throws(TaskError) {
      let container = try self.container(request.id, exec: request.execID)
      if let exit = container.record.exit {
        reply.send(exit.waitResponse)
      } else {
        container.waits.append(PendingReply(reply))
      }
    } catch {
      reply.fail(error.status)
    }
  }

  func kill(_ request: KillRequest) throws(TaskError) {
    let container = try self.container(request.id, exec: request.execID)
    try container.record.state.check(.kill)
    do throws(RuntimeError) {
      try runtime.kill(
        container.process, signal: Int32(truncatingIfNeeded: request.signal), all: request.all)
    } catch .failed(let words) {
      throw .unknown("unknown error after kill: \(words)")
    } catch {
      throw TaskError(error)
    }
  }

  /// Never empty before Delete: containerd from 1.7 on takes a shim without pids for a leaked one
  /// when it loads it again, and removes it with its exit status.
  func pids(_ request: PidsRequest) throws(TaskError) -> PidsResponse {
    let container = try self.container(request.id)
    let exited = container.record.exit != nil
    let pids = exited ? [container.record.pid] : runtime.pids(of: container.process)
    return .with { $0.processes = pids.map { pid in .with { $0.pid = UInt32(pid) } } }
  }

  func closeIO(_ request: CloseIORequest) throws(TaskError) {
    try container(request.id, exec: request.execID).io.closeStdin()
  }

  /// Without a terminal there is nothing to resize, and clients call it all the same.
  func resizePty(_ request: ResizePtyRequest) throws(TaskError) {
    _ = try container(request.id, exec: request.execID)
  }

  /// Always answers: a group's container is asked for before it is created, which reserves a place
  /// for it. But not when we are ending: then `start` is to make another shim.
  func connect(_ request: ConnectRequest) throws(TaskError) -> ConnectResponse {
    if containers[request.id] == nil, Identifier.isValid(request.id) {
      guard !isEnding else { throw .shuttingDown }
      reservations.add(request.id, at: MonotonicClock.now)
    }
    return .with {
      $0.shimPid = UInt32(CurrentProcess.id)
      $0.taskPid = UInt32(containers[request.id]?.record.pid ?? 0)
    }
  }

  /// containerd calls it after each container of a group: only the last one's means us.
  func shutdown(_ request: ShutdownRequest, _ reply: consuming Reply) {
    reply.sendEmpty()
    reservations.remove(request.id)
    endIfUnused()
  }

  private func endIfUnused() {
    guard containers.isEmpty, creations.isEmpty else { return }
    guard let left = reservations.timeLeft(at: MonotonicClock.now) else { return onShutdown() }
    let timer = reservationsEnd ?? Timer(hub.loop) { [unowned self] in endIfUnused() }
    timer.schedule(after: left)
    reservationsEnd = timer
    log.info("staying: a container is promised", ("seconds", String(left.components.seconds)))
  }

  /// A Create has begun: what was promised to it is kept from here on by itself.
  func began(_ creation: CreateOperation, of id: String) {
    creations[id] = creation
    reservations.remove(id)
  }

  /// The shim is ending: what would be created now would be left behind.
  package func stopCreating() { isEnding = true }

  /// Ends a container that nobody is to use any more. One that is gone already is no error.
  func end(_ process: InitProcess) {
    try? runtime.kill(process, signal: SIGKILL, all: true)
  }

  /// - Parameter exec: there is none yet that could be named.
  func container(_ id: String, exec: String = "") throws(TaskError) -> Container {
    guard let container = containers[id] else { throw .noContainer }
    guard exec.isEmpty else { throw .noExec(exec) }
    return container
  }

  /// Forgets Waits whose callers are gone: ttrpc has no cancel, they would add up for ever.
  package func dropAbandonedWaits() {
    for container in containers.values {
      container.waits = container.waits.filter(\.isConnected)
    }
  }

  /// The init process of a container has exited.
  func exited(_ container: Container, _ exit: Exit) {
    if container.record.state == .starting {
      container.earlyExit = exit  // told after the start
      return
    }
    container.record.state = .stopped
    container.record.exit = exit
    for wait in container.waits.takeAll() { wait.take()?.send(exit.waitResponse) }
    events.publish(
      "/tasks/exit",
      TaskExit.with {
        $0.containerID = container.record.id
        $0.id = container.record.id
        $0.pid = UInt32(container.record.pid)
        $0.exitStatus = exit.status
        $0.exitedAt = exit.time
      })
    container.deletion?.exited()
  }
}

extension Array {
  /// Takes all elements out.
  mutating func takeAll() -> [Element] {
    defer { self = [] }
    return self
  }
}

extension Exit {
  var waitResponse: WaitResponse {
    .with {
      $0.exitStatus = status
      $0.exitedAt = time
    }
  }
}

extension ProcessState {
  var status: TaskStatus {
    switch self {
    case .created, .starting: .created
    case .running: .running
    case .stopped: .stopped
    }
  }
}
