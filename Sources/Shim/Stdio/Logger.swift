// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Glibc
internal import Linux

internal import struct SystemPackage.Errno

/// A program that takes a process's output (`binary://`): containerd's protocol for loggers.
///
/// The process writes straight into the logger's pipes. It outlives us, as the process does, and ends
/// when its input does.
final class Logger {
  /// From SIGTERM to SIGKILL (containerd's own shims give as long).
  private static let grace = Duration.seconds(12)

  private let hub: StdioHub
  private let url: LoggerURL
  private let mustSayReady: Bool
  private let stdout: LoggerPipe
  private let stderr: LoggerPipe
  private var id = ""
  private var pidfd: Descriptor?
  private var ready: Watch?
  private var timer: Timer?
  private var onReady: ((StdioError?) -> Void)?
  /// Called once, when `isDone` becomes true.
  var onDone: (() -> Void)?
  /// Whether it has exited, and nothing comes any more that it could have taken.
  private(set) var isDone = false
  private var isClosed = false

  /// - Parameter mustSayReady: the end of the ready pipe is not enough (`binary-v2`).
  init(_ hub: StdioHub, _ url: LoggerURL, mustSayReady: Bool) throws(Errno) {
    self.hub = hub
    self.url = url
    self.mustSayReady = mustSayReady
    stdout = try LoggerPipe(hub.loop)
    stderr = try LoggerPipe(hub.loop)
  }

  func takeStdout() -> Descriptor? { stdout.takeWriteEnd() }
  func takeStderr() -> Descriptor? { stderr.takeWriteEnd() }

  var bytesLeft: Int { stdout.bytesLeft + stderr.bytesLeft }
  var bytesDropped: UInt64 { stdout.bytesDropped + stderr.bytesDropped }

  /// Starts it; tells when it is ready, or why it will not be.
  ///
  /// - Parameter id: of the container or exec.
  func start(id: String, within limit: Duration, _ onReady: @escaping (StdioError?) -> Void) {
    self.id = id
    self.onReady = onReady
    do throws(Errno) {
      try spawn()
    } catch {
      return told(.logger(path: url.path, error))
    }
    let timer = Timer(hub.loop) { [unowned self] in
      signal(SIGKILL)
      told(.loggerIsLate(url.path))
    }
    timer.schedule(after: limit)
    self.timer = timer
  }

  private func spawn() throws(Errno) {
    // Without a death signal: our end is not the process's.
    let command = Command(
      path: url.path, arguments: [url.path] + url.arguments,
      environment: ["CONTAINER_ID=\(id)", "CONTAINER_NAMESPACE=\(hub.namespace)"])
    var pipe = try Pipe()
    let ours = pipe.takeReadEnd()
    let its = pipe.takeWriteEnd()
    try ours.setNonblocking()
    let null = Command.null
    let child = try command.spawn(
      descriptors: [null, null, null, stdout.number, stderr.number, its.number],
      openFiles: hub.children.openFiles)
    // Keeps us until it has exited.
    hub.children.register(child.pid) { [self] status in exited(status) }
    pidfd = child.takeDescriptor()
    stdout.closeReadEnd()
    stderr.closeReadEnd()
    ready = Watch(hub.loop, ours, onReadable: { [unowned self] in readReady() })
    ready?.awaitsReadable = true
  }

  private func readReady() {
    guard let ready else { return }
    let hasSaidSo = (try? ready.descriptor.readByte()) != nil
    told(hasSaidSo || !mustSayReady ? nil : .loggerNotReady)
  }

  private func told(_ error: StdioError?) {
    ready = nil
    timer = nil
    let onReady = onReady.take()
    if error != nil { close() }
    onReady?(error)
  }

  private func exited(_ status: ExitStatus) {
    pidfd = nil
    if isClosed {
      timer = nil
      return hub.loggerEnded()
    }
    if !stdout.hasEnded || !stderr.hasEnded {
      hub.warn(
        "the logger has exited; what still comes is dropped",
        [("id", id), ("logger", url.path), ("status", String(status.code))])
    }
    stdout.dropRest { [unowned self] in lookForEnd() }
    stderr.dropRest { [unowned self] in lookForEnd() }
    lookForEnd()
  }

  private func lookForEnd() {
    guard stdout.hasEnded, stderr.hasEnded else { return }
    isDone = true
    onDone.take()?()
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
    stdout.close()
    stderr.close()
    guard pidfd != nil else { return }
    hub.loggerIsEnding()
    signal(SIGTERM)
    let timer = Timer(hub.loop) { [unowned self] in signal(SIGKILL) }
    timer.schedule(after: Self.grace)
    self.timer = timer
  }
}
