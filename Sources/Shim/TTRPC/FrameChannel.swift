// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// A socket that carries frames both ways, for a server's connection and for a client.
///
/// One turn reads once, handles the frames of it, and writes all that they led to in one call.
/// A peer that does not read is never cut off: no more is taken from it until it does.
final class FrameChannel {
  /// Never called after `close`.
  var onEvent: (FrameDecoder.Event) -> Void = { _ in }
  /// Called once, from the loop or from within `close`; never from within `send` or `flush`.
  var onClosed: () -> Void = {}

  private var watch: Watch?
  let loop: EventLoop
  private let queueLimit: Int
  private var decoder = FrameDecoder()
  private var output = OutputQueue()
  private var isInTurn = false
  private var isPaused = false
  private var hasFailed = false

  /// - Parameter queueLimit: bytes unwritten at which reading pauses, until half of them are out.
  init(_ loop: EventLoop, _ socket: consuming Descriptor, queueLimit: Int) {
    self.loop = loop
    self.queueLimit = queueLimit
    watch = Watch(
      loop, socket,
      onReadable: { [unowned self] in readable() }, onWritable: { [unowned self] in writable() })
    watch?.awaitsReadable = true
  }

  var isOpen: Bool { watch != nil }

  var queuedBytes: Int { output.count }

  /// Within a turn the frame waits for the turn's end, to go out with the others.
  func send(_ frame: Frame) {
    guard isOpen, !hasFailed else { return }
    output.append(frame)
    if !isInTurn { flush() }
  }

  /// Writes what fits; the loop does the rest.
  func flush() {
    guard let watch, !hasFailed, !output.isEmpty else { return }
    do throws(Errno) {
      try output.write(to: watch.descriptor)
    } catch {
      // The socket is dead (EPIPE, ECONNRESET), but our caller may be in the middle of something
      // that closing would change: the socket counts as writable now, and the loop will close it.
      hasFailed = error != .wouldBlock
      if hasFailed { output = OutputQueue() }
    }
    if output.count > queueLimit { isPaused = true }
    // Paused, we are called even when nothing is queued: frames already read wait for it.
    watch.awaitsWritable = hasFailed || isPaused || !output.isEmpty
    watch.awaitsReadable = !isPaused
  }

  func close() {
    guard isOpen else { return }
    watch = nil
    decoder = FrameDecoder()
    output = OutputQueue()
    onClosed()
  }

  private func readable() {
    guard let watch else { return }
    do throws(Errno) {
      let count = try unsafe watch.descriptor.read(into: loop.scratch)
      if count == 0 { return close() }
      unsafe decoder.append(loop.scratch[..<count])
    } catch {
      if error != .wouldBlock { close() }
      return
    }
    handleFrames()
  }

  private func writable() {
    flush()
    if hasFailed { return close() }
    guard isPaused, output.count <= queueLimit / 2 else { return }
    isPaused = false
    handleFrames()
  }

  private func handleFrames() {
    isInTurn = true
    while isOpen, hasRoom(), let event = decoder.next() { onEvent(event) }
    isInTurn = false
    flush()
    if hasFailed { return close() }
    watch?.awaitsReadable = !isPaused
    watch?.awaitsWritable = isPaused || !output.isEmpty
  }

  /// Looked at before each frame: a few bytes can ask for a long reply.
  private func hasRoom() -> Bool {
    if output.count > queueLimit { flush() }
    return !isPaused
  }
}
