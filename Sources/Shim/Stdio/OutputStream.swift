// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// One output of a process on its way to the client: pipe or terminal, relay, FIFO.
///
/// A FIFO and its bytes live only while somebody holds it open (fifo(7)). So nothing is written to it
/// before it has a reader; from then on we hold both its ends, so that a client that detaches causes
/// neither EPIPE nor EOF; and they stay open until the last byte was read, or Delete.
///
/// Or on its way to a sink that is open already, a logger's pipe; or to a device; or to a file, which a
/// process of its own writes.
final class OutputStream {
  private enum Stage { case waiting, relaying, draining, closed }

  private let hub: StdioHub
  let path: String
  private var stage = Stage.waiting
  /// Our end of the process's pipe, or of its terminal, until the relay takes it.
  private var source: Descriptor?
  private var terminal: Watch?
  private var sink: Descriptor?
  private var fifo: Fifo?
  /// Our writing end while there is no reader: with it a reader's open does not block, and tells.
  /// (A reader that blocks in its open causes no event.)
  private var writer: Descriptor?
  /// Both ends of the FIFO in one descriptor.
  private var keeper: Descriptor?
  private var relay: (any Relay)?
  private var fileWriter: Logger?
  private var subscription: Inotify.Subscription?
  private var timer: Timer?
  private var onConnected: ((Errno?) -> Void)?
  /// Called once, when the process's last byte is in the FIFO.
  var onRelayed: (() -> Void)?

  private var processHasExited = false

  /// - Parameters:
  ///   - terminal: in place of a source.
  ///   - sink: where the bytes go in place of the path.
  init(
    _ hub: StdioHub, path: String, source: consuming Descriptor?, terminal: Watch? = nil,
    sink: consuming Descriptor? = nil
  ) {
    self.terminal = terminal
    self.hub = hub
    self.path = path
    self.source = consume source
    self.sink = consume sink
  }

  /// Whether the process's last byte is in the FIFO.
  var isRelayed: Bool { stage == .draining || stage == .closed }
  /// Whether it was read there as well.
  var isClosed: Bool { stage == .closed }
  var bytesRelayed: UInt64 { relay?.output.bytesRelayed ?? 0 }
  var bytesDropped: UInt64 {
    (relay?.output.bytesDropped ?? 0) + (fileWriter?.bytesDropped ?? 0)
  }
  /// Bytes that a reader has taken, or that were dropped for want of one.
  var bytesRead: UInt64 {
    bytesRelayed + bytesDropped - min(bytesRelayed, UInt64(keeper?.readableBytes ?? 0))
  }
  /// Bytes that no reader has taken.
  var bytesLeft: Int {
    (source?.readableBytes ?? terminal?.descriptor.readableBytes ?? 0) + (relay?.bytesHeld ?? 0)
      + (keeper?.readableBytes ?? 0) + (fileWriter?.bytesLeft ?? 0)
  }

  /// Begins to relay as soon as somebody reads; tells when that is, or why it cannot be.
  func connect(_ onConnected: @escaping (Errno?) -> Void) {
    self.onConnected = onConnected
    if let sink = sink.take() { return startRelay(to: sink, splices: false) }
    do throws(Errno) {
      fifo = try Fifo(path: path)
      writer = try fifo?.openForWriting()
      lookForReader()
      // Nearly always the client is there first, and inotify is spared.
      guard self.onConnected != nil else { return }
      notify(.opened, otherwiseEvery: .milliseconds(20)) { [unowned self] in lookForReader() }
      lookForReader()  // one that came in between
    } catch .invalidArgument {
      openFile()
    } catch {
      connected(error)
    }
  }

  private func lookForReader() {
    guard stage == .waiting, writer?.hasReader == true else { return }
    do throws(Errno) {
      keeper = try fifo?.openBothEnds()
      fifo = nil
      if let writer = writer.take() { startRelay(to: writer, splices: true) }
    } catch {
      connected(error)
    }
  }

  /// A path that is no FIFO must exist. A file is appended to.
  private func openFile() {
    do throws(Errno) {
      startRelay(to: try Descriptor.characterDevice(path), splices: false)
    } catch .invalidArgument {
      startWriter()
    } catch {
      connected(error)
    }
  }

  private func startWriter() {
    do throws(Errno) {
      let writer = try Logger(hub, .file(path, creates: false))
      fileWriter = writer
      guard let sink = writer.takeStdout() else { throw .invalidArgument }
      _ = writer.takeStderr()
      try sink.setNonblocking()
      self.sink = consume sink
      writer.onDone = { [unowned self] in drain() }
    } catch {
      return connected(error)
    }
    fileWriter?.start(id: path, within: Self.openLimit) { [unowned self] error in
      switch error {
      case nil: if let sink = sink.take() { startRelay(to: sink, splices: true) }
      case .open(_, let error)?, .logger(_, let error)?: connected(error)
      default: connected(.timedOut)
      }
    }
  }

  /// Sooner than its caller gives up.
  private static let openLimit = Duration.seconds(25)

  private func startRelay(to output: consuming Descriptor, splices: Bool) {
    guard stage == .waiting else { return }
    stopWaiting()
    stage = .relaying
    let output = RelayOutput(Watch(hub.loop, output), isPipe: splices)
    let onEnd: (RelayEnd) -> Void = { [unowned self] end in
      // A file's writer has the last word.
      if end == .inputEnded, fileWriter == nil { drain() }
    }
    if let terminal = terminal.take() {
      relay = TerminalRelay(hub.loop, from: terminal, to: output, onEnd: onEnd)
    } else if let source = source.take() {
      relay = PipeRelay(hub, from: source, to: output, onEnd: onEnd)
    }
    connected(nil)
    if processHasExited { relay?.processExited() }
  }

  /// The end of a terminal's output: other outputs end by themselves.
  func processExited() {
    processHasExited = true
    relay?.processExited()
  }

  private func connected(_ error: Errno?) {
    stopWaiting()
    onConnected.take()?(error)
  }

  private func drain() {
    stage = .draining
    onRelayed.take()?()
    if isDrained { return close() }
    var pause = Duration.milliseconds(1)
    let timer = Timer(hub.loop) { [unowned self] in
      if isDrained { return close() }
      pause *= 2
      if pause < Self.patience { self.timer?.schedule(after: pause) } else { awaitSlowReader() }
    }
    timer.schedule(after: pause)
    self.timer = timer
  }

  /// A reader at work has taken the rest by then.
  private static let patience = Duration.milliseconds(64)

  private func awaitSlowReader() {
    notify([.read, .readerLeft], otherwiseEvery: .seconds(10)) { [unowned self] in
      if isDrained { close() }
    }
    if isDrained { close() }  // the last read may have come before the watch
  }

  private var isDrained: Bool { (keeper?.readableBytes ?? 0) == 0 }

  /// Calls `look` after events of the FIFO; only for what may take long, since to make and to end an
  /// inotify instance takes the kernel some 10 ms, during which we stand still. From time to time too,
  /// since inotify may have no room for us (EMFILE) or tell nothing (a reader's splice, on older
  /// kernels).
  private func notify(
    _ events: FileEvents, otherwiseEvery interval: Duration, look: @escaping () -> Void
  ) {
    let open = keeper?.number ?? fifo?.number
    if let open {
      subscription = try? hub.inotify.subscribe("/proc/self/fd/\(open)", events, handler: look)
    }
    if subscription != nil && stage == .waiting { return }
    let timer = Timer(hub.loop) { [unowned self] in
      self.timer?.schedule(after: interval)
      look()
    }
    timer.schedule(after: interval)
    self.timer = timer
  }

  private func stopWaiting() {
    subscription = nil
    timer = nil
  }

  /// Lets go of everything, whatever is left unread.
  func close() {
    guard stage != .closed else { return }
    stage = .closed
    onConnected = nil
    stopWaiting()
    source = nil
    terminal = nil
    sink = nil
    fifo = nil
    writer = nil
    keeper = nil
    relay?.close()
    fileWriter?.close()
    onRelayed.take()?()
  }

  // It may wait for its turn, and outlive us.
  deinit {
    relay?.close()
    fileWriter?.close()
  }
}
