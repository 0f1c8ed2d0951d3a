// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// A program that takes a process's output: one that the client names (`binary://`, containerd's
/// protocol for loggers), or ours that writes a file.
///
/// The process writes straight into the logger's pipes. It outlives us, as the process does, and ends
/// when its input does.
final class Logger {
  /// From SIGTERM to SIGKILL (containerd's own shims give as long).
  private static let grace = Duration.seconds(12)
  /// From SIGKILL on: one that waits for a disk in the kernel may never die, and then outlives us.
  private static let lastGrace = Duration.seconds(3)

  private let hub: StdioHub
  let program: LoggerProgram
  private let stdout: LoggerPipe
  private let stderr: LoggerPipe
  private var id = ""
  private var pidfd: Descriptor?
  /// Until it is ready; of one of ours, as long as it tells something.
  private var ready: Watch?
  private var birth: Birth?
  private var timer: Timer?
  private var onReady: ((StdioError?) -> Void)?
  private var successors: LoggerSuccessors?
  /// Called once, when `isDone` becomes true.
  var onDone: (() -> Void)?
  /// Whether it has exited, and nothing comes any more that it could have taken.
  private(set) var isDone = false
  private var isClosed = false
  private var bytesLost: UInt64 = 0
  private(set) var bytesWritten: UInt64 = 0

  init(_ hub: StdioHub, _ program: LoggerProgram) throws(Errno) {
    self.hub = hub
    self.program = program
    stdout = try LoggerPipe(hub.loop)
    stderr = try LoggerPipe(hub.loop)
  }

  func takeStdout() -> Descriptor? { stdout.takeWriteEnd() }
  func takeStderr() -> Descriptor? { stderr.takeWriteEnd() }

  var bytesLeft: Int { stdout.bytesLeft + stderr.bytesLeft }
  var bytesDropped: UInt64 { stdout.bytesDropped + stderr.bytesDropped + bytesLost }

  /// Starts it; tells when it is ready, or why it will not be.
  ///
  /// - Parameter id: of the container or exec.
  func start(id: String, within limit: Duration, _ onReady: @escaping (StdioError?) -> Void) {
    if isClosed { return }
    self.id = id
    self.onReady = onReady
    do throws(Errno) {
      try spawn()
    } catch {
      return told(.logger(path: program.path, error))
    }
    let timer = Timer(hub.loop) { [unowned self] in
      signal(SIGKILL)
      told(.loggerIsLate(program.path))
    }
    timer.schedule(after: limit)
    self.timer = timer
  }

  private func spawn() throws(Errno) {
    var pipe = try Pipe()
    let ours = pipe.takeReadEnd()
    let its = pipe.takeWriteEnd()
    try ours.setNonblocking()
    let null = Command.null
    // Without a death signal: our end is not the process's.
    let child = try program.command(id: id, namespace: hub.namespace).spawn(
      descriptors: [null, null, null, stdout.number, stderr.number, its.number],
      openFiles: hub.children.openFiles)
    // Keeps us until it has exited.
    hub.children.register(child.pid) { [self] status in exited(status) }
    birth = child.birth
    pidfd = child.takeDescriptor()
    stdout.closeReadEnd()
    stderr.closeReadEnd()
    ready = Watch(hub.loop, ours, onReadable: { [unowned self] in hear() })
    ready?.awaitsReadable = true
  }

  private func hear() {
    switch program {
    case .binary(_, let mustSayReady): hearReady(mustSayReady)
    case .file: hearReports()
    }
  }

  private func hearReady(_ mustSayReady: Bool) {
    guard let ready else { return }
    let hasSaidSo = (try? ready.descriptor.readByte()) != nil
    self.ready = nil
    // Its end is also that of a child that could execute nothing.
    if let error = birth?.failure { return told(.logger(path: program.path, error)) }
    told(hasSaidSo || !mustSayReady ? nil : .loggerNotReady)
  }

  private func hearReports() {
    guard let reports = ready.map({ LogFile.reports($0.descriptor) }) else { return }
    if reports == nil {
      ready = nil
      if let error = birth?.failure { return told(.logger(path: program.path, error)) }
      if onReady != nil { told(.loggerNotReady) }
    }
    for report in reports ?? [] {
      switch report {
      case .opened(let error): told(error.map { .open(path: program.path, $0) })
      case .loses(let error):
        warn("output is dropped until it can be written", ("error", "\(error)"))
      case .writesAgain(let dropped):
        warn("output is written again", ("dropped_bytes", "\(dropped)"))
      case .ended(let written, let dropped):
        bytesWritten = written
        bytesLost = dropped
      }
    }
  }

  private func told(_ error: StdioError?) {
    timer = nil
    birth = nil
    let onReady = onReady.take()
    if error != nil { close() }
    onReady?(error)
  }

  private func exited(_ status: ExitStatus) {
    if program.isOurs { hearReports() }
    pidfd = nil
    if isClosed {
      guard timer != nil else { return }  // too late: nobody waits any more
      timer = nil
      return hub.loggerEnded()
    }
    if stdout.hasEnded, stderr.hasEnded { return done() }
    if program.isOurs { return dropRest(status) }
    // It may have handed its input to others, who read on: what we took would be lost.
    let inodes = [stdout.inode, stderr.inode].compactMap(\.self)
    successors = LoggerSuccessors(hub, inodes) { [unowned self] isLast in
      if stdout.hasEnded, stderr.hasEnded {
        if isLast { done() }
      } else if isLast {
        dropRest(status)
      }
    }
    successors?.look()
  }

  private func dropRest(_ status: ExitStatus) {
    warn("the logger has exited; what still comes is dropped", ("status", String(status.code)))
    stdout.dropRest { [unowned self] in lookForEnd() }
    stderr.dropRest { [unowned self] in lookForEnd() }
    lookForEnd()
  }

  /// The process has exited: whoever reads in the logger's place may have ended with it.
  func processExited() { successors?.look() }

  private func lookForEnd() {
    if stdout.hasEnded, stderr.hasEnded { done() }
  }

  private func done() {
    guard !isDone else { return }
    isDone = true
    successors = nil
    onDone.take()?()
  }

  private func warn(_ words: String, _ field: (key: String, value: String)) {
    hub.warn(words, [("id", id), ("logger", program.path), field])
  }

  private func signal(_ number: Int32) { try? pidfd?.signalProcess(number) }

  /// Lets go of the pipes. A logger that has not ended by now is made to, whoever waits for that.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    onReady = nil
    onDone = nil
    ready = nil
    timer = nil
    successors = nil
    stdout.close()
    stderr.close()
    guard pidfd != nil else { return }
    hub.loggerIsEnding()
    signal(SIGTERM)
    let timer = Timer(hub.loop) { [unowned self] in kill() }
    timer.schedule(after: Self.grace)
    self.timer = timer
  }

  private func kill() {
    signal(SIGKILL)
    let timer = Timer(hub.loop) { [unowned self] in
      self.timer = nil
      warn("the logger does not die", ("limit", "\(Self.grace + Self.lastGrace)"))
      hub.loggerEnded()
    }
    timer.schedule(after: Self.lastGrace)
    self.timer = timer
  }
}
