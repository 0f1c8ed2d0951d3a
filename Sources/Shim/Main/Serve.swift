// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux
internal import Runtime
internal import Stdio
internal import TTRPC
internal import TaskService

internal import struct SystemPackage.Errno

/// The daemon: one thread, one event base, and all that hangs on it. Lives until the last task of its
/// group was deleted (Shutdown) or somebody sends SIGTERM or SIGINT.
final class Serve {
  private static let listener: Int32 = 3
  /// How long unsent events may hold up the end.
  private static let drainLimit = Duration.seconds(5)
  /// How long a shim waits for its first Create, which containerd asks for at once.
  private static let grace = Duration.seconds(
    CurrentProcess.environmentVariable("CONTAINERD_SHIM_GRACE").flatMap { UInt16($0) } ?? 30)

  private let loop = EventLoop()
  // Before the limit is raised.
  private let children = ChildProcesses(openFiles: .current) { Main.command($0) ?? 2 }
  private let log: Log
  private let events: EventPublisher
  private let hub: StdioHub
  private let service: TaskService
  private let server: Server
  private let socket: SocketName
  private var signals: SignalSource?
  private var isEnding = false

  init(_ program: Program, _ options: Options) throws(CommandFailure) {
    let sink = LogSink()
    log = Log(debug: options.debug) { sink.write(Logfmt.line($0, $1, $2)) }
    do throws(Errno) {
      #if DEBUG
        loop.lag.onTooLong = { [log] in
          log.write(.fatal, $0, [])
          preconditionFailure($0)
        }
      #endif
      OpenFileLimit.raise()
      CurrentProcess.returnLargeBlocks()
      CurrentProcess.setName("containerd-shim")
      try CurrentProcess.becomeSubreaper()
      Self.raiseOOMScore()

      let socket = try Self.openListener(options)
      let path = try UnixSocket.path(of: socket)
      let events = CurrentProcess.environmentVariable("TTRPC_ADDRESS") ?? ""
      if events.isEmpty { log.error("TTRPC_ADDRESS is empty: no event will arrive") }
      self.events = EventPublisher(
        loop, events.isEmpty ? nil : Client(loop, path: events), namespace: options.namespace,
        log: log)

      let runtime: any ContainerRuntime =
        program.isSample
        ? HostRuntime(loop, children, programName: program.argument0)
        : OCIRuntime(
          loop, children, namespace: options.namespace,
          warn: { [log] words, id in log.write(.warning, words, [("id", id)]) })
      let ending = Ending()
      hub = try StdioHub(
        loop, children, namespace: options.namespace,
        warn: { [log] words, fields in log.write(.warning, words, fields) })
      service = TaskService(
        runtime: runtime, hub: hub, events: self.events, log: log,
        onShutdown: { ending.begin("the last task was deleted") })
      let router = Router()
      service.register(with: router)
      #if DEBUG
        let annotations = try? Bundle(path: ".").annotations()
        for key in router.addFailpoints(annotations ?? [:], loop) {
          log.error("no failpoint", ("annotation", key))
        }
      #endif
      server = Server(loop, listener: socket, router: router)
      self.socket = SocketName(loop, server, path: path, log: log)
      service.expectCreate(within: Self.grace)
      server.onConnectionClosed = { [unowned self, service, unowned server] in
        service.dropAbandonedCalls()
        if server.connectionCount == 0 { service.endIfForgotten() }
        service.tidySoon()
        lookForSocket()
      }
      server.onConnectionOpened = { [unowned self] in self.socket.unwatch() }
      ending.begin = { [unowned self] why in end(why) }
      signals = try SignalSource(
        loop,
        [
          (SIGCHLD, { [unowned self] in children.reap() }),
          (SIGTERM, { [unowned self] in end("SIGTERM") }),
          (SIGINT, { [unowned self] in end("SIGINT") }),
          (SIGUSR1, { [unowned self] in dump() }),
          (CreateRecord.signal, { [unowned self] in lookAround() }),
        ])
    } catch {
      // Nobody reads our standard error any more.
      log.write(.fatal, "cannot serve", [("error", "\(error)")])
      throw CommandFailure("cannot serve: \(error)")
    }
  }

  /// One more than containerd's, which `start` and we were born with: the shim is to die before containerd
  /// and, if the container's own is higher, after the container. An error is no reason to fail.
  private static func raiseOOMScore() {
    guard let text = ProcFile.read("self/oom_score_adj"),
      let score = Int(text.filter { !$0.isWhitespace })
    else { return }
    try? ProcFile.write("self/oom_score_adj", "\(min(score + 1, 1000))")
  }

  /// Passed on by `start`, or bound here to the path of `-socket`.
  private static func openListener(_ options: Options) throws(Errno) -> Descriptor {
    if !options.socket.isEmpty {
      return try UnixSocket.listen(path: options.socket)
    }
    return try .inherited(listener)
  }

  func run() {
    log.info("serving", ("pid", String(CurrentProcess.id)), ("socket", socket.path))
    loop.run()
    server.flush()
  }

  /// A connection has closed: containerd may be about to begin anew, and to look for us.
  private func lookForSocket() {
    guard !isEnding, service.hasContainers else { return }
    if server.connectionCount == 0 { socket.watch() } else { socket.check() }
  }

  /// Somebody has told that there may be something to see. It costs little, and changes nothing by itself.
  private func lookAround() {
    guard !isEnding else { return }
    service.dropGivenUp()
    if service.hasContainers { socket.check() }
  }

  private func end(_ why: String) {
    guard !isEnding else { return }
    isEnding = true
    log.info("ending", ("reason", why))
    socket.remove()
    server.stop()
    service.stopCreating()
    events.drain(within: Self.drainLimit) { [self] in
      if events.pending > 0 {
        log.error("events lost at the end", ("count", String(events.pending)))
      }
      hub.whenLoggersHaveEnded { [self] in loop.stop() }
    }
  }

  /// What an operator wants to know of a shim that seems stuck (SIGUSR1): no arguments of a command,
  /// no environment.
  private func dump() {
    log.info(
      "state", ("connections", String(server.connectionCount)),
      ("requests", String(server.requestsInFlight)), ("queued_bytes", String(server.queuedBytes)),
      ("watches", String(loop.watchCount)), ("children", String(children.count)),
      ("events", String(events.pending)),
      ("longest_turn_us", String(loop.lag.longest / .microseconds(1))),
      ("longest_turn", loop.lag.longestName))
    for task in service.descriptions { log.write(.info, "task", task) }
  }
}

/// The service is made before the daemon that ends with it.
private final class Ending {
  var begin: (String) -> Void = { _ in }
}
