// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// A relay from a pipe or FIFO.
///
/// Large pieces are spliced: no copy. Small ones are copied (architecture.md, "The relay").
final class PipeRelay: Relay {
  let output: RelayOutput
  private let hub: StdioHub
  private var input: Watch?
  private let onEnd: (RelayEnd) -> Void
  private var pacing = Pacing()

  init(
    _ hub: StdioHub, from input: consuming Descriptor, to output: RelayOutput,
    onEnd: @escaping (RelayEnd) -> Void
  ) {
    self.hub = hub
    self.output = output
    self.onEnd = onEnd
    // Watches the input or, once the output was full, the output, never both: a full output would
    // keep a readable input spinning.
    self.input = Watch(hub.loop, input, onReadable: { [unowned self] in readable() })
    output.onRoom = { [unowned self] in roomCame() }
    output.onFailure = { onEnd(.outputFailed($0)) }
    self.input?.awaitsReadable = true
  }

  var bytesHeld: Int { output.bytesHeld + (input?.descriptor.readableBytes ?? 0) }

  private func readable() {
    guard let input else { return }
    let available = input.descriptor.readableBytes
    switch pacing.readable(available, at: MonotonicClock.now) {
    case .later:
      input.awaitsReadable = false
      hub.pace(self)
    case .now:
      if pacing.isFast, output.takesPages { grow() }
      turn(available)
    }
  }

  func turnAfterPace() {
    guard let input, !output.isFull else { return }
    let available = input.descriptor.readableBytes
    let isSteady = pacing.waited(available, at: MonotonicClock.now) && output.takesPages
    input.awaitsReadable = !isSteady
    turn(available)
    if isSteady, !output.isFull { hub.pace(self) }
  }

  private func turn(_ available: Int) {
    guard let input else { return }
    let hasRoom: Bool
    if output.takesPages, available >= Pacing.spliceFrom {
      hasRoom = output.splice(from: input.descriptor)
    } else {
      guard let count = read(input.descriptor) else { return }
      // A pointer and no Span: extracting one here crashes the optimizer of Swift 6.3.1.
      hasRoom = unsafe output.write(.init(rebasing: hub.loop.scratch[..<count]))
    }
    if !hasRoom { input.awaitsReadable = false }
  }

  /// The bytes now in the shared buffer; nil when there are none, or no more.
  private func read(_ input: borrowing Descriptor) -> Int? {
    do throws(Errno) {
      // No more than is copied at once: what was never written of the buffer costs nothing.
      let count = try unsafe input.read(
        into: .init(rebasing: hub.loop.scratch[..<Pacing.spliceFrom]))
      if count > 0 { return count }
      end()
    } catch .wouldBlock {  // woken for nothing
    } catch {
      end()  // a reading error ends a stream like its end does
    }
    return nil
  }

  private func roomCame() {
    if output.hasGrown, !pacing.hasGrown { grow() }
    input?.awaitsReadable = true
  }

  private func grow() {
    guard let input else { return }
    output.grow()
    input.descriptor.growPipe(to: Pacing.largestPipe)
    pacing.grew(to: input.descriptor.pipeCapacity)
  }

  func close() {
    input = nil
    output.close()
  }

  private func end() {
    close()
    onEnd(.inputEnded)
  }
}
