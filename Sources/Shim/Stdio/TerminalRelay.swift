// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// A relay of what is printed on a terminal.
///
/// A terminal hands out 4 KiB at a time and has room for little more; who prints waits meanwhile. So we
/// wait for nothing here, as we do with a pipe: it is read until it is empty, and what came is written at
/// once.
///
/// The watch is edge-triggered. When nobody has the terminal open it says so always (HUP, EIO), which is
/// told once. It is no end as long as the process lives, which may open it again: what is printed then is
/// an edge (epoll(7)).
final class TerminalRelay: Relay {
  /// What is gathered for one write. Not all of the buffer: what was never written of it costs nothing.
  private static let piece = 16 * 1024
  /// Others have their turns in between.
  private static let piecesPerTurn = 4

  let output: RelayOutput
  private let loop: EventLoop
  private var terminal: Watch?
  private let onEnd: (RelayEnd) -> Void
  private var nextTurn: Timer?
  private var endsWhenEmpty = false

  /// - Parameter terminal: shared with the input's relay, which writes to it.
  init(
    _ loop: EventLoop, from terminal: Watch, to output: RelayOutput,
    onEnd: @escaping (RelayEnd) -> Void
  ) {
    self.loop = loop
    self.terminal = terminal
    self.output = output
    self.onEnd = onEnd
    terminal.onReadable = { [unowned self] in turn() }
    output.onRoom = { [unowned self] in
      terminal.awaitsReadable = true
      turn()
    }
    output.onFailure = { onEnd(.outputFailed($0)) }
    terminal.awaitsReadable = true
  }

  var bytesHeld: Int { output.bytesHeld + (terminal?.descriptor.readableBytes ?? 0) }

  /// What the process has printed is still read, and then it is over, even if others keep the terminal
  /// open. How much there is nobody tells (FIONREAD knows a part of it): it is read until there is no
  /// more.
  func processExited() {
    endsWhenEmpty = true
    turn()
  }

  private func turn() {
    for _ in 0..<Self.piecesPerTurn {
      guard let terminal, !output.isFull else { return }
      let (count, isEmpty) = read(terminal.descriptor)
      if count > 0, unsafe !output.write(.init(rebasing: loop.scratch[..<count])) {
        terminal.awaitsReadable = false
        return
      }
      if isEmpty {
        if endsWhenEmpty { end() }
        return
      }
    }
    // No edge tells of what is there already.
    let timer = nextTurn ?? Timer(loop) { [unowned self] in turn() }
    timer.schedule(after: .zero)
    nextTurn = timer
  }

  /// Fills the shared buffer, and tells whether the terminal is empty now. (A read that finds nothing
  /// first takes what is on its way in the kernel.)
  private func read(_ terminal: borrowing Descriptor) -> (count: Int, isEmpty: Bool) {
    var count = 0
    while count < Self.piece {
      let rest = unsafe UnsafeMutableBufferPointer(rebasing: loop.scratch[count..<Self.piece])
      // EAGAIN; EIO when nobody has it open.
      guard let more = try? unsafe terminal.read(into: rest), more > 0 else { return (count, true) }
      count += more
    }
    return (count, false)
  }

  func close() {
    nextTurn = nil
    terminal?.awaitsReadable = false
    terminal?.onReadable = {}
    terminal = nil
    output.close()
  }

  private func end() {
    close()
    onEnd(.inputEnded)
  }
}
