// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import Linux

package import struct SystemPackage.Errno

/// A child that does one job: an OCI runtime, for example. It has a deadline, its output is drained
/// while it runs, and the end is told once. Keeps itself until then.
package final class HelperProcess {
  package struct Ending {
    /// Nil when it had to be killed for want of time.
    package let status: ExitStatus?
    /// What kept its program from being executed, such as `ENOENT`.
    package let failure: Errno?
    /// The beginning of what it printed.
    package let output: String
  }

  /// After its SIGKILL: what it leaves is the kernel's to give to us, once it is gone.
  private static let grace = Duration.seconds(1)
  /// More output than this is read and dropped (bytes).
  private static let outputLimit = 64 * 1024

  private let loop: EventLoop
  private var output: [UInt8] = []
  private var watch: Watch?
  private var timer: Timer?
  private var isLate = false
  private var pidfd: Descriptor?
  private var birth: Birth?
  private var completion: ((Ending) -> Void)?

  private init(_ loop: EventLoop) { self.loop = loop }

  /// - Parameter streams: its descriptors 0 to 2; nil for no input, and an output that is gathered.
  /// - Throws: when no child can be made: `EAGAIN`, `EMFILE`, `ENOMEM`.
  package static func run(
    _ command: Command, streams: [Int32]? = nil, within limit: Duration,
    _ loop: EventLoop, _ children: ChildProcesses, completion: @escaping (Ending) -> Void
  ) throws(Errno) {
    var command = command
    // It works for us: without us nobody would know what came of it.
    command.deathSignal = SIGKILL
    let helper = HelperProcess(loop)
    helper.completion = completion
    try helper.start(streams, limit, children) { [command] descriptors throws(Errno) in
      try command.spawn(descriptors: descriptors, openFiles: children.openFiles)
    }
  }

  /// Runs one of this executable's own commands in a copy of ours.
  package static func runCopy(
    _ arguments: [String], within limit: Duration, _ loop: EventLoop, _ children: ChildProcesses,
    completion: @escaping (Ending) -> Void
  ) throws(Errno) {
    let helper = HelperProcess(loop)
    helper.completion = completion
    try helper.start(nil, limit, children) { descriptors throws(Errno) in
      try .copy(descriptors: descriptors, openFiles: children.openFiles) {
        CurrentProcess.setName("shim:\(arguments[0])")
        return children.commands(arguments)
      }
    }
  }

  private func start(
    _ streams: [Int32]?, _ limit: Duration, _ children: ChildProcesses,
    _ spawn: ([Int32]) throws(Errno) -> ChildProcess
  ) throws(Errno) {
    let child: ChildProcess
    if let streams {
      child = try spawn(streams)
    } else {
      var pipe = try Pipe()
      let readEnd = pipe.takeReadEnd()
      let writeEnd = pipe.takeWriteEnd()
      try readEnd.setNonblocking()
      child = try spawn([Command.null, writeEnd.number, writeEnd.number])
      watch = Watch(loop, readEnd, onReadable: { [unowned self] in _ = readOutput() })
      watch?.awaitsReadable = true
    }
    // `self` lives until one of these two has called `finish`.
    children.register(child.pid) { [self] status in finish(isLate ? nil : status) }
    let timer = Timer(loop) { [self] in
      if isLate { return finish(nil) }
      isLate = true
      try? pidfd?.signalProcess(SIGKILL)
      self.timer?.schedule(after: Self.grace)
    }
    timer.schedule(after: limit)
    self.timer = timer
    birth = child.birth
    pidfd = child.takeDescriptor()
  }

  /// One piece; false when there is no more now.
  private func readOutput() -> Bool {
    guard let watch else { return false }
    do throws(Errno) {
      let count = try unsafe watch.descriptor.read(into: loop.scratch)
      let room = max(0, Self.outputLimit - output.count)
      unsafe output += loop.scratch.prefix(min(count, room))
      if count == 0 { self.watch = nil }
      return count > 0
    } catch {
      if error != .wouldBlock { self.watch = nil }
      return false
    }
  }

  private func finish(_ status: ExitStatus?) {
    guard let completion = completion.take() else { return }
    // What it had printed last. Not to the end: a descendant may hold the pipe, and print on.
    for _ in 0..<4 where !readOutput() { break }
    watch = nil
    timer = nil
    pidfd = nil
    let failure = birth.take()?.failure
    completion(
      Ending(
        status: status, failure: failure, output: String(decoding: output, as: UTF8.self)))
  }
}
