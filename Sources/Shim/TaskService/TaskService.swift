// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import Linux
package import Runtime
package import Stdio
internal import SwiftProtobuf
internal import TTRPC

internal import struct SystemPackage.Errno

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
  /// Creates that have failed, of which something is left for now.
  var undoing = 0
  private var isEnding = false
  private lazy var tidying = Timer(hub.loop) { CurrentProcess.returnFreeMemory() }
  /// For the first Create, which may never come.
  private var firstCreate: Timer?
  /// Nobody has been connected since the last Create, if only for a moment.
  private(set) var isForgotten = false

  package init(
    runtime: any ContainerRuntime, hub: StdioHub, events: EventPublisher, log: Log,
    onShutdown: @escaping () -> Void
  ) {
    self.runtime = runtime
    self.hub = hub
    self.events = events
    self.log = log
    self.onShutdown = onShutdown
    events.onDelivered = { [unowned self] in tidySoon() }
  }

  func create(_ request: CreateTaskRequest, _ reply: consuming Reply) {
    guard !isEnding else {
      return reply.fail(TaskError.shuttingDown.status)
    }
    CreateOperation(self, request, reply).begin()
  }

  func start(_ request: StartRequest, _ reply: consuming Reply) {
    do throws(TaskError) {
      let (container, process) = try self.process(request.id, request.execID)
      try process.record.state.check(.start)
      // The runtime would refuse, in its own words and later.
      if !process.record.isInit, let refusal = container.refusalOfExecs { throw refusal }
      // Its pipes went with the first attempt to make it.
      if process.startHasFailed, process.process == nil {
        throw .unknown("cannot start a stopped process")
      }
      StartOperation(self, container, process, reply).begin()
    } catch {
      reply.fail(error.status)
    }
  }

  func delete(_ request: DeleteRequest, _ reply: consuming Reply) {
    // containerd has given up waiting for a Create; it asks for Shutdown next.
    if request.execID.isEmpty { creations[request.id]?.cancel() }
    if let answer = containers[request.id]?.deleted[request.execID] { return reply.send(answer) }
    do throws(TaskError) {
      let (container, process) = try self.process(request.id, request.execID)
      try process.record.state.check(.delete)
      let deletion = process.deletion ?? DeleteOperation(self, container, process)
      deletion.add(PendingReply(reply))
    } catch {
      reply.fail(error.status)
    }
  }

  func state(_ request: StateRequest) throws(TaskError) -> StateResponse {
    let (container, process) = try self.process(request.id, request.execID)
    let record = process.record
    return .with {
      $0.id = record.id
      $0.bundle = container.bundle.path
      $0.pid = UInt32(record.pid)
      $0.status =
        record.isInit && container.isPausing && !container.initHasExited
        ? .pausing : record.state.status
      $0.stdin = record.stdio.stdin
      $0.stdout = record.stdio.stdout
      $0.stderr = record.stdio.stderr
      $0.terminal = record.isTerminal
      $0.exitStatus = record.exit?.status ?? 0
      $0.exitedAt = record.exit?.time ?? .never
    }
  }

  func wait(_ request: WaitRequest, _ reply: consuming Reply) {
    do throws(TaskError) {
      let (_, process) = try self.process(request.id, request.execID)
      process.waits.append(PendingReply(reply))
      if process.record.exit != nil || (process.startHasFailed && !process.record.isInit) {
        process.answerWaits()
      }
    } catch {
      reply.fail(error.status)
    }
  }

  /// Never empty before Delete: containerd from 1.7 on takes a shim without pids for a leaked one
  /// when it loads it again, and removes it with its exit status.
  func pids(_ request: PidsRequest) throws(TaskError) -> PidsResponse {
    let container = try self.container(request.id)
    var pids = container.initHasExited ? [] : container.runtime.pids
    if pids.isEmpty { pids = [container.initProcess.record.pid] }
    let execs = container.execs.values.filter { $0.record.state == .running }
    return .with {
      $0.processes = pids.map { pid in
        .with {
          $0.pid = UInt32(pid)
          guard let exec = execs.first(where: { $0.record.pid == pid }) else { return }
          $0.info = .init(packing: RuncProcessDetails.with { $0.execID = exec.record.exec })
        }
      }
    }
  }

  func closeIO(_ request: CloseIORequest) throws(TaskError) {
    try process(request.id, request.execID).1.io.closeStdin()
  }

  /// Clients call it without a terminal too.
  func resizePty(_ request: ResizePtyRequest) throws(TaskError) {
    let (_, process) = try self.process(request.id, request.execID)
    if !process.record.isInit, process.record.state == .stopped {
      throw .unknown("cannot resize a stopped container")
    }
    do throws(Errno) {
      try process.io.resize(
        columns: UInt16(clamping: request.width), rows: UInt16(clamping: request.height))
    } catch {
      throw .unknown("\(error)")
    }
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
      $0.taskPid = UInt32(containers[request.id]?.initProcess.record.pid ?? 0)
    }
  }

  /// containerd calls it after each container of a group: only the last one's means us.
  func shutdown(_ request: ShutdownRequest, _ reply: consuming Reply) {
    reply.sendEmpty()
    reservations.remove(request.id)
    endIfUnused()
  }

  /// containerd may be killed between `start` and Create. Then the next containerd, up to 1.6, keeps a
  /// connection to a shim that it never uses.
  package func expectCreate(within limit: Duration) {
    let timer = Timer(hub.loop) { [unowned self] in endUnasked() }
    timer.schedule(after: limit)
    firstCreate = timer
  }

  /// The last connection has closed, and nobody who knows of us is left: as when containerd is killed
  /// before it has asked for Shutdown. Before the first Create it is another `start` that looked.
  package func endIfForgotten() {
    guard firstCreate == nil else { return }
    isForgotten = true
    endUnasked()
  }

  /// Without a Shutdown: nobody is left who would ask for it, nor who would clean up at once.
  func endUnasked() {
    if undoing == 0 { endIfUnused() }
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
    firstCreate = nil
    isForgotten = false
  }

  /// The shim is ending: what would be created now would be left behind.
  package func stopCreating() { isEnding = true }

  func container(_ id: String) throws(TaskError) -> Container {
    guard let container = containers[id] else { throw .noContainer }
    container.lookWhetherItIsPaused()
    return container
  }

  /// - Parameter exec: empty for init.
  func process(
    _ id: String, _ exec: String
  ) throws(TaskError) -> (Container, ContainerProcess) {
    let container = try self.container(id)
    if exec.isEmpty { return (container, container.initProcess) }
    guard let process = container.execs[exec] else { throw .noExec(exec) }
    return (container, process)
  }

  /// What a request or a connection needed is free now. Given back a little later: after the answer, and
  /// once for a crowd.
  package func tidySoon() {
    if !tidying.isScheduled { tidying.schedule(after: .milliseconds(100)) }
  }

  /// Forgets Waits whose callers are gone: ttrpc has no cancel, they would add up for ever. And undoes
  /// Creates.
  package func dropAbandonedCalls() {
    for creation in creations.values { creation.dropIfAbandoned() }
    for process in containers.values.flatMap(\.processes) {
      process.waits = process.waits.filter(\.isConnected)
    }
  }
}

extension Array {
  /// Takes all elements out.
  mutating func takeAll() -> [Element] {
    defer { self = [] }
    return self
  }
}

extension ProcessState {
  var status: TaskStatus {
    switch self {
    case .created, .starting: .created
    case .running: .running
    case .paused: .paused
    case .stopped: .stopped
    }
  }
}
