// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio
internal import SwiftProtobuf
internal import TTRPC

internal import struct SystemPackage.Errno

/// Create: check, make the process, wait for the client's FIFOs, tell. A failure undoes what was
/// done and leaves no event.
final class CreateOperation {
  private let service: TaskService
  private let request: CreateTaskRequest
  private let reply: PendingReply
  private let watcher: ExitWatcher
  private var io: ProcessIO?
  private var made: (any RuntimeContainer)?
  /// The runtime is.
  private var isAtWork = false
  private var hasFailed = false
  private var isAbandoned = false

  init(_ service: TaskService, _ request: CreateTaskRequest, _ reply: consuming Reply) {
    self.service = service
    self.request = request
    self.reply = PendingReply(reply)
    watcher = ExitWatcher(service)
  }

  func begin() {
    do throws(TaskError) {
      try check()
      service.began(self, of: request.id)
      try createProcess()
    } catch {
      fail(error)
    }
  }

  private func check() throws(TaskError) {
    guard Identifier.isValid(request.id) else { throw .invalid("identifier \"\(request.id)\"") }
    guard service.containers[request.id] == nil, service.creations[request.id] == nil else {
      throw .alreadyExists("container \(request.id)")
    }
    guard request.bundle.hasPrefix("/"), !request.bundle.utf8.contains(0) else {
      throw .invalid("bundle \"\(request.bundle)\" is no absolute path")
    }
    guard request.checkpoint.isEmpty || request.checkpoint.hasPrefix("/"),
      !request.checkpoint.utf8.contains(0)
    else { throw .invalid("checkpoint \"\(request.checkpoint)\" is no absolute path") }
  }

  private func createProcess() throws(TaskError) {
    let bundle = try openBundle()
    let options = try decodeOptions()
    let io: ProcessIO
    do throws(StdioError) {
      io = try ProcessIO(service.hub, request.stdio, terminal: request.terminal)
    } catch {
      throw TaskError(error)
    }
    self.io = io
    io.prepare(id: request.id) { [self] error in
      if let error { return fail(TaskError(error)) }
      make(bundle, options, io)
    }
  }

  private func make(_ bundle: Bundle, _ options: RuntimeOptions, _ io: ProcessIO) {
    isAtWork = true
    service.runtime.create(
      ContainerRequest(
        id: request.id, bundle: bundle, rootfs: request.mounts, options: options,
        checkpoint: request.checkpoint),
      io: io,
      onExit: { [watcher] status in watcher.exited(Exit(status)) },
      completion: { [self] result in
        isAtWork = false
        switch result {
        case .failure where hasFailed: undone()
        case .failure(let error): fail(TaskError(error))
        case .success(let container): connect(bundle, container, io)
        }
      })
  }

  private func decodeOptions() throws(TaskError) -> RuntimeOptions {
    var warnings: [String] = []
    defer {
      for words in warnings { service.log.write(.warning, words, [("id", request.id)]) }
    }
    guard service.runtime.takesOptions, request.hasOptions else { return RuntimeOptions() }
    do throws(RuntimeOptionsError) {
      return try RuntimeOptions(decoding: request.options, warnings: &warnings)
    } catch {
      throw TaskError(error)
    }
  }

  private func openBundle() throws(TaskError) -> Bundle {
    do throws(Errno) {
      return try Bundle(path: request.bundle)
    } catch {
      throw .notFound("bundle \(request.bundle): \(error)")
    }
  }

  /// Output is lost if the client does not open its ends: it has this long, then Create fails.
  private func connect(_ bundle: Bundle, _ container: any RuntimeContainer, _ io: ProcessIO) {
    made = container
    // Cancelled meanwhile: now there is something to undo.
    if hasFailed { return undo() }
    // What is restored has no process before its start.
    if container.initProcess == nil { return finish(bundle, container, io) }
    io.connect { [self] error in
      if let error { fail(TaskError(error)) } else { finish(bundle, container, io) }
    }
  }

  private func finish(_ bundle: Bundle, _ made: any RuntimeContainer, _ io: ProcessIO) {
    var record = ProcessRecord(
      container: request.id, exec: "", stdio: request.stdio,
      isTerminal: request.terminal)
    record.pid = made.initProcess?.pid ?? 0
    let process = ContainerProcess(record, io)
    process.process = made.initProcess
    let container = Container(request.id, bundle, made, process)
    service.creations[request.id] = nil
    service.containers[request.id] = container
    // First: nobody waits for the log or the event. On the wire their order was never promised.
    reply.take()?.send(CreateTaskResponse.with { $0.pid = UInt32(record.pid) })
    service.log.info("created", ("id", request.id), ("pid", String(record.pid)))
    service.events.publish(
      "/tasks/create",
      TaskCreate.with {
        $0.containerID = request.id
        $0.bundle = request.bundle
        $0.rootfs = request.rootfs
        $0.io = .with {
          $0.stdin = request.stdin
          $0.stdout = request.stdout
          $0.stderr = request.stderr
          $0.terminal = request.terminal
        }
        $0.checkpoint = request.checkpoint
        $0.pid = UInt32(record.pid)
      })
    service.watchMemory(of: container)
    service.tidySoon()
    watcher.watch(container)
  }

  /// Nobody waits for this container any more.
  func cancel() { fail(.unavailable("deleted while it was being created")) }

  /// The caller's connection has closed, as when containerd is killed. Nobody knows of this container
  /// then, and nobody will ask for Delete and Shutdown.
  func dropIfAbandoned() {
    if !reply.isConnected { fail(.unavailable("its caller is gone")) }
  }

  /// The process, if there is one already, ends unseen: a failed Create has no exit event.
  private func fail(_ error: TaskError) {
    guard !hasFailed else { return }
    hasFailed = true
    isAbandoned = !reply.isConnected
    let hasToUndo = isAtWork || made != nil
    if hasToUndo { service.undoing += 1 }
    undo()
    io?.close()
    if service.creations[request.id] === self { service.creations[request.id] = nil }
    service.log.error("create failed", ("id", request.id), ("error", error.status.message))
    reply.take()?.fail(error.status)
    if isAbandoned && !hasToUndo { service.endUnasked() }
  }

  private func undo() {
    guard let made = made.take() else { return }
    try? made.initProcess?.kill(signal: SIGKILL)
    made.thaw(isPaused: false)
    made.delete(force: true) { [self] error in
      if let error { service.log.error("undo of a create", ("error", "\(error)")) }
      undone()
    }
  }

  private func undone() {
    service.undoing -= 1
    if isAbandoned || service.isForgotten { service.endUnasked() }
  }
}

extension CreateTaskRequest {
  var mounts: [Linux.Mount] {
    rootfs.map {
      Linux.Mount(type: $0.type, source: $0.source, target: $0.target, options: $0.options)
    }
  }
  var stdio: StdioPaths { StdioPaths(stdin: stdin, stdout: stdout, stderr: stderr) }
}

/// Who is told of init's exit, from the spawn on. Apart from the operation, so that the request goes
/// when Create is answered: a container may live for months.
private final class ExitWatcher {
  private unowned let service: TaskService
  private weak var container: Container?
  private var earlyExit: Exit?

  init(_ service: TaskService) { self.service = service }

  /// From now on an exit is this container's. One that came before Create was answered comes now.
  func watch(_ container: Container) {
    self.container = container
    if let exit = earlyExit.take() { service.exited(container, container.initProcess, exit) }
  }

  func exited(_ exit: Exit) {
    if let container {
      service.exited(container, container.initProcess, exit)
    } else {
      earlyExit = exit
    }
  }
}
