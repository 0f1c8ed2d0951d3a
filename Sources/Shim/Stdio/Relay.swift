// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// Moves bytes from one descriptor to another, a bounded piece in a turn, as long as both live.
///
/// Large pieces are spliced: no copy, but each takes a slot of the output however small it is. Small
/// ones are copied, which packs them (architecture.md, "The relay").
final class Relay {
  /// Why a relay is over.
  enum End: Equatable, Sendable {
    /// All writers of the input are gone, and every byte was written.
    case inputEnded
    /// The output takes no more: `EPIPE` without a reader, `ENOSPC` of a full disk.
    case outputFailed(Errno)
  }

  private static let spliceFrom = 16 * 1024
  /// A busy stream that was spliced so often is a fast one.
  private static let fastFrom = 16
  private static let terminalPause = Duration.milliseconds(100)
  private static let largestPipe = 1024 * 1024
  /// A stream whose last turn is this near is busy.
  private static let busy = Duration.milliseconds(1)

  private let hub: StdioHub
  private var input: Watch?
  private var output: Watch?
  private let splices: Bool
  private let onEnd: (End) -> Void
  /// Bytes read that the output had no room for.
  private var held: [UInt8] = []
  private var lastTurn = Duration.zero
  private var growsWhenWritable = false
  /// With less a busy stream waits for more: each turn costs a wake-up of the shim and of the writer.
  private var gathersUpTo = Relay.spliceFrom
  private var busySplices = 0
  /// For an input that is a terminal: when nobody has it open it is no end as long as the process
  /// lives, which may open it again.
  private var hangUp: Timer?
  private var lastsUntilExit: Bool
  private var endsWhenEmpty = false
  private(set) var bytesRelayed: UInt64 = 0
  private(set) var bytesDropped: UInt64 = 0

  /// - Parameter splices: false when the output is no pipe (splice to O_APPEND is EINVAL).
  init(
    _ hub: StdioHub, from input: consuming Descriptor, to output: consuming Descriptor,
    splices: Bool = true, isTerminal: Bool = false, onEnd: @escaping (End) -> Void
  ) {
    self.hub = hub
    self.splices = splices
    lastsUntilExit = isTerminal
    self.onEnd = onEnd
    // Watches the input or, once the output was full, the output, never both: a full output would
    // keep a readable input spinning.
    self.input = Watch(hub.loop, input, onReadable: { [unowned self] in inputIsReadable() })
    self.output = Watch(hub.loop, output, onWritable: { [unowned self] in outputIsWritable() })
    self.input?.awaitsReadable = true
  }

  /// Bytes that have left the writer and not reached the output.
  var bytesHeld: Int { held.count + (input?.descriptor.readableBytes ?? 0) }

  private func inputIsReadable() {
    guard let input else { return }
    let now = MonotonicClock.now
    let isBusy = now - lastTurn < Self.busy
    let available = input.descriptor.readableBytes
    if available > 0, available < gathersUpTo, isBusy {
      input.awaitsReadable = false
      hub.pace(self)
    } else {
      growIfFast(isBusy ? available : 0)
      lastTurn = now
      turn(available)
    }
  }

  /// A reader that keeps up never lets the output get full, which would make it grow.
  private func growIfFast(_ available: Int) {
    guard splices, gathersUpTo == Self.spliceFrom else { return }
    if available >= Self.spliceFrom { busySplices += 1 }
    if busySplices == Self.fastFrom { grow() }
  }

  private func grow() {
    guard let input, let output else { return }
    output.descriptor.growPipe(to: Self.largestPipe)
    input.descriptor.growPipe(to: Self.largestPipe)
    gathersUpTo = max(Self.spliceFrom, input.descriptor.pipeCapacity / 2)
  }

  func turnAfterPace() {
    guard let input, held.isEmpty else { return }
    let available = input.descriptor.readableBytes
    // Half of a large pipe will have come again by the next turn: epoll need not tell of it in between.
    let isSteady = output != nil && available >= Self.largestPipe / 2
    input.awaitsReadable = !isSteady
    lastTurn = MonotonicClock.now
    turn(available)
    if isSteady, let output, !output.awaitsWritable { hub.pace(self) }
  }

  /// After a failed output: reads what still comes and drops it, so that the writer goes on.
  func discardRest() {
    bytesDropped += UInt64(held.count)
    held = []
    input?.awaitsReadable = true
  }

  private func turn(_ available: Int) {
    guard let input else { return }
    guard let output else { return drop(from: input) }
    do throws(Errno) {
      if splices && available >= Self.spliceFrom {
        let moved = try input.descriptor.splice(to: output.descriptor, atMost: Self.largestPipe)
        bytesRelayed += UInt64(moved)
      } else {
        try copy(from: input, to: output)
      }
    } catch .wouldBlock {
      // The input had bytes: it is the output that is full. (An input without any ends its turn in
      // `copy`, without an error.)
      waitForRoom(input, output)
    } catch {
      end(.outputFailed(error))
    }
  }

  /// The bytes now in the shared buffer; nil when there are none, or no more.
  private func read(from input: Watch) -> Int? {
    do throws(Errno) {
      let count = try unsafe input.descriptor.read(into: hub.loop.scratch)
      if count > 0 { return count }
      end(.inputEnded)
    } catch .wouldBlock {
      if endsWhenEmpty { end(.inputEnded) }  // else woken for nothing
    } catch .ioError where lastsUntilExit {
      waitForTerminal(input)
    } catch {
      end(.inputEnded)  // a reading error ends a stream like its end does
    }
    return nil
  }

  /// Nobody has the terminal open: it stays readable, so that watching it would be a busy loop.
  private func waitForTerminal(_ input: Watch) {
    input.awaitsReadable = false
    let timer =
      hangUp ?? Timer(hub.loop) { [unowned self] in self.input?.awaitsReadable = true }
    timer.schedule(after: Self.terminalPause)
    hangUp = timer
  }

  /// The process that the terminal was made for is gone: what it has printed is still read, and then
  /// it is over, even if others keep the terminal open. How much there is nobody tells (FIONREAD knows
  /// a part of it): it is read until there is no more.
  func processExited() {
    guard lastsUntilExit else { return }
    lastsUntilExit = false
    endsWhenEmpty = true
    hangUp = Timer(hub.loop) { [unowned self] in readToTheEnd() }
    readToTheEnd()
  }

  private func readToTheEnd() {
    guard endsWhenEmpty else { return }
    // Not for ever: others may print on.
    for _ in 0..<16 {
      guard let input, held.isEmpty else { return }
      input.awaitsReadable = false
      turn(0)
    }
    hangUp?.schedule(after: Self.busy)
  }

  private func drop(from input: Watch) {
    if let count = read(from: input) { bytesDropped += UInt64(count) }
  }

  private func copy(from input: Watch, to output: Watch) throws(Errno) {
    guard let count = read(from: input) else { return }
    // A pointer and no Span: extracting one here crashes the optimizer of Swift 6.3.1.
    let bytes = unsafe UnsafeBufferPointer(rebasing: hub.loop.scratch[..<count])
    var written = 0
    do throws(Errno) {
      written = try unsafe write(bytes, to: output)
      // A file takes all, or the disk is full and the next write says so: epoll does not watch files.
      while !splices && written > 0 && written < count {
        let more = try unsafe write(UnsafeBufferPointer(rebasing: bytes[written...]), to: output)
        if more == 0 { break }
        written += more
      }
    } catch {
      bytesDropped += UInt64(count - written)
      throw error
    }
    if written < count {
      held = unsafe Array(hub.loop.scratch[written..<count])
      waitForRoom(input, output)
    }
  }

  /// What was written; 0 when there is no room.
  private func write(_ bytes: UnsafeBufferPointer<UInt8>, to output: Watch) throws(Errno) -> Int {
    do throws(Errno) {
      let written = try unsafe output.descriptor.write(bytes)
      bytesRelayed += UInt64(written)
      return written
    } catch .wouldBlock {
      return 0
    }
  }

  private func waitForRoom(_ input: Watch, _ output: Watch) {
    input.awaitsReadable = false
    output.awaitsWritable = true
    // Full by bytes, not by slots: a pipe of short writes would only pin more pages.
    let capacity = output.descriptor.pipeCapacity
    growsWhenWritable =
      capacity < Self.largestPipe && output.descriptor.readableBytes >= capacity / 2
  }

  private func outputIsWritable() {
    guard let input, let output else { return }
    // Now, not when it was found full: somebody does read, so the pages will not lie unread.
    if growsWhenWritable {
      growsWhenWritable = false
      grow()
    }
    if !held.isEmpty {
      let held = self.held
      do throws(Errno) {
        let written = try unsafe held.withUnsafeBufferPointer { bytes throws(Errno) in
          try unsafe write(bytes, to: output)
        }
        self.held = written == held.count ? [] : Array(held[written...])
      } catch {
        return end(.outputFailed(error))
      }
      if !self.held.isEmpty { return }
    }
    output.awaitsWritable = false
    input.awaitsReadable = !endsWhenEmpty
    readToTheEnd()
  }

  /// Lets go of both ends; tells nobody.
  func close() {
    hangUp = nil
    input = nil
    output = nil
    held = []
  }

  private func end(_ reason: End) {
    output = nil
    if reason == .inputEnded {
      endsWhenEmpty = false
      input = nil
    } else {
      input?.awaitsReadable = false
    }
    onEnd(reason)
  }
}
