// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
package import Linux

package import struct SystemPackage.Errno

/// The standard streams of one process, from the spawn to Delete.
package final class ProcessIO {
  /// How long a client may take to open its ends (containerd's own shims give 30 s).
  private static let readerTimeout = Duration.seconds(30)

  private let hub: StdioHub
  private let input: String
  private let output: StdioPaths.Output
  private var logger: Logger?
  /// Where a logger takes what a terminal prints.
  private var loggerInput: Descriptor?
  /// The process's ends: open until it has been spawned with them.
  private var childStdin: Descriptor?
  private var childStdout: Descriptor?
  private var childStderr: Descriptor?
  private var ourStdin: Descriptor?
  /// Whether the process has a terminal, for which it gets no pipes.
  package let isTerminal: Bool
  /// Its only descriptor, which both directions share.
  private var terminal: Watch?
  private var size: (columns: UInt16, rows: UInt16)?
  private var stdin: InputStream?
  private var stdinIsClosed = false
  private var outputs: [OutputStream] = []
  private var unconnected = 0
  private var isConnected = false
  private var onConnected: ((StdioError?) -> Void)?
  private var onRelayed: (() -> Void)?
  private var timer: Timer?
  private var lastReading: LastReading?

  /// Makes the pipes; opens nothing of the client's.
  package init(_ hub: StdioHub, _ names: StdioPaths, terminal: Bool = false) throws(StdioError) {
    self.hub = hub
    isTerminal = terminal
    input = try names.input()
    output = try names.output()
    switch output {
    case .paths: break
    case .file(let path): try makeLogger(.file(path, creates: true))
    case .logger(let url, let mustSayReady):
      try makeLogger(.binary(url, mustSayReady: mustSayReady))
    }
    if terminal { return }
    do throws(Errno) {
      if !input.isEmpty {
        var pipe = try Pipe()
        childStdin = pipe.takeReadEnd()
        ourStdin = pipe.takeWriteEnd()
        try ourStdin?.setNonblocking()
      }
      switch output {
      case .paths(let stdout, let stderr):
        childStdout = try makeOutput(stdout)
        childStderr = try makeOutput(stderr)
      case .file, .logger:
        childStdout = logger?.takeStdout()
        childStderr = logger?.takeStderr()
      }
    } catch {
      throw .pipe(error)
    }
  }

  deinit { logger?.close() }

  private func makeLogger(_ program: LoggerProgram) throws(StdioError) {
    do throws(Errno) {
      let logger = try Logger(hub, program)
      logger.onDone = { [unowned self] in tellWhenRelayed() }
      self.logger = logger
    } catch {
      throw .pipe(error)
    }
  }

  /// Starts what must be there before the process: its logger.
  ///
  /// - Parameter id: of the container or exec.
  package func prepare(
    id: String, within limit: Duration = .seconds(30),
    _ completion: @escaping (StdioError?) -> Void
  ) {
    guard let logger else { return completion(nil) }
    if isTerminal {
      loggerInput = logger.takeStdout()
      _ = logger.takeStderr()  // a terminal's output is all one: this one has ended
    }
    logger.program.check(hub) { error in
      if let error { completion(error) } else { logger.start(id: id, within: limit, completion) }
    }
  }

  /// The terminal that was made for the process. Everything it prints comes as standard output.
  package func attach(_ terminal: consuming Pseudoterminal) throws(Errno) {
    let terminal = Watch(hub.loop, terminal.takeMaster(), isEdgeTriggered: true)
    if let size {
      try terminal.descriptor.resizeTerminal(columns: size.columns, rows: size.rows)
    }
    // What nobody wants is read all the same, or the process would stop when the terminal is full.
    var path = "/dev/null"
    if case .paths(let stdout, _) = output, !stdout.isEmpty { path = stdout }
    try loggerInput?.setNonblocking()
    outputs = [
      add(
        OutputStream(
          hub, path: path, source: nil, terminal: terminal, sink: loggerInput.take()))
    ]
    self.terminal = terminal
  }

  /// For a process without a terminal nothing; before there is one the size is remembered.
  package func resize(columns: UInt16, rows: UInt16) throws(Errno) {
    size = (columns, rows)
    try terminal?.descriptor.resizeTerminal(columns: columns, rows: rows)
  }

  /// To be called when the process has exited: a terminal has no end of its own.
  package func processExited() {
    for output in outputs { output.processExited() }
    logger?.processExited()
  }

  private func add(_ output: OutputStream) -> OutputStream {
    output.onRelayed = { [unowned self] in tellWhenRelayed() }
    return output
  }

  private func tellWhenRelayed() { if isRelayed { onRelayed.take()?() } }

  private func makeOutput(_ path: String) throws(Errno) -> Descriptor? {
    if path.isEmpty { return nil }
    var pipe = try Pipe()
    let readEnd = pipe.takeReadEnd()
    // Our end only: O_NONBLOCK on the other would be the process's too.
    try readEnd.setNonblocking()
    outputs.append(add(OutputStream(hub, path: path, source: readEnd)))
    return pipe.takeWriteEnd()
  }

  /// What the process gets as its descriptors 0, 1 and 2.
  package var childDescriptors: [Int32] {
    [
      childStdin?.number ?? Command.null,
      childStdout?.number ?? Command.null,
      childStderr?.number ?? Command.null,
    ]
  }

  /// The user and group, if not root, that may open the process's ends by their names in /proc.
  package func giveChildEnds(to user: UInt32, _ group: UInt32) throws(Errno) {
    guard user != 0 || group != 0 else { return }
    for number in childDescriptors where number != Command.null {
      try Descriptor.changeOwner(of: number, user, group)
    }
  }

  /// To be called after the spawn: as long as we hold a writing end, no output ever ends.
  package func closeChildEnds() {
    childStdin = nil
    childStdout = nil
    childStderr = nil
  }

  /// Opens the client's FIFOs and begins to relay. Tells when every output has had a reader, with
  /// nil, or what went wrong. Once connected it stays so.
  package func connect(_ onConnected: @escaping (StdioError?) -> Void) {
    if isConnected { return onConnected(nil) }
    self.onConnected = onConnected
    unconnected = outputs.count
    if let sink = takeInputSink() {
      do throws(Errno) {
        stdin = try InputStream(hub, path: input, sink: sink)
        if stdinIsClosed { stdin?.closeInput() }
      } catch {
        return connected(.open(path: input, error))
      }
    }
    if unconnected == 0 { return connected(nil) }
    let timer = Timer(hub.loop) { [unowned self] in connected(.noReader) }
    timer.schedule(after: Self.readerTimeout)
    self.timer = timer
    // One that fails has told already, and everything is closed again.
    for output in outputs where self.onConnected != nil {
      output.connect { [unowned self] error in
        if let error { return connected(.open(path: output.path, error)) }
        unconnected -= 1
        if unconnected == 0 { connected(nil) }
      }
    }
  }

  private func takeInputSink() -> RelayOutput? {
    if let terminal { return input.isEmpty ? nil : RelayOutput(terminal, isPipe: false) }
    guard let pipe = ourStdin.take() else { return nil }
    return RelayOutput(Watch(hub.loop, pipe), isPipe: true)
  }

  private func connected(_ error: StdioError?) {
    timer = nil
    isConnected = error == nil
    onConnected.take()?(error)
  }

  /// No more input, once the client's end is closed too. Remembered if it comes before `connect`.
  package func closeStdin() {
    stdinIsClosed = true
    stdin?.closeInput()
  }

  /// Whether every byte of output has been read by the client, or the logger has ended.
  package var isDrained: Bool { outputs.allSatisfy(\.isClosed) && logger?.isDone ?? true }

  /// Whether every byte of output has reached the client's FIFO, read or not; or the logger has ended.
  package var isRelayed: Bool { outputs.allSatisfy(\.isRelayed) && logger?.isDone ?? true }

  /// Calls the handler once, when `isRelayed` becomes true.
  package func whenRelayed(_ handler: @escaping () -> Void) { onRelayed = handler }

  /// Calls the handler once, at once or when clients have read nearly all output that there is, or do
  /// not read. Loggers are not waited for: they outlive an exit.
  ///
  /// - Parameter isAwaited: whether anybody waits for the exit; else it is time at once.
  package func whenNearlyRead(
    ifAwaited isAwaited: @escaping () -> Bool, _ handler: @escaping () -> Void
  ) {
    let reading = LastReading(
      hub.loop, bytesLeft: outputs.reduce(0) { $0 + $1.bytesLeft },
      bytesRead: { [unowned self] in outputs.reduce(0) { $0 + $1.bytesRead } },
      isAwaited: isAwaited)
    lastReading = reading
    reading.wait(handler)
  }

  /// Bytes that left the process and that no client has read.
  package var bytesLeft: Int { outputs.reduce(logger?.bytesLeft ?? 0) { $0 + $1.bytesLeft } }
  package var bytesRelayed: UInt64 {
    // A logger of a terminal gets what its relay has counted.
    outputs.isEmpty ? logger?.bytesWritten ?? 0 : outputs.reduce(0) { $0 + $1.bytesRelayed }
  }
  package var bytesDropped: UInt64 {
    outputs.reduce(logger?.bytesDropped ?? 0) { $0 + $1.bytesDropped }
  }

  /// Lets go of all descriptors.
  package func close() {
    timer = nil
    onConnected = nil
    onRelayed = nil
    lastReading = nil
    closeChildEnds()
    ourStdin = nil
    terminal = nil
    loggerInput = nil
    stdin?.close()
    for output in outputs { output.close() }
    logger?.close()
  }
}
