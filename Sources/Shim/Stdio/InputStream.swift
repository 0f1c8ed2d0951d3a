// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// The standard input of a process: FIFO, relay, pipe or terminal.
///
/// We hold a writing end of the FIFO too, so that a client that detaches does not mean the end of
/// input. `closeInput` (the CloseIO call) drops it: the end comes when the client's end is closed as
/// well, in whichever order. What is no FIFO is read by an `InputFeeder`.
final class InputStream {
  private var keeper: Descriptor?
  private var relay: PipeRelay?
  private var feeder: InputFeeder?

  /// Neither open blocks: a FIFO can always be opened for reading, and then it has a reader.
  ///
  /// - Throws: `ENOENT`.
  init(_ hub: StdioHub, path: String, sink: RelayOutput) throws(Errno) {
    guard try FileKind.of(path) == .fifo else {
      feeder = try InputFeeder(hub, path: path, sink: sink.number)
      sink.close()  // the feeder's end of it is the only one
      return
    }
    let fifo = try Fifo(path: path)
    let source = try fifo.openForReading()
    keeper = try fifo.openForWriting()
    relay = PipeRelay(hub, from: source, to: sink) { [unowned self] _ in close() }
  }

  var isClosed: Bool { relay == nil }

  func closeInput() {
    keeper = nil
    feeder?.closeInput()
  }

  func close() {
    keeper = nil
    feeder = nil
    relay?.close()  // it may wait for its turn, and outlive us
    relay = nil
  }

  deinit { relay?.close() }
}
