// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// A pipe from a process straight to its logger, whose reading end we hold as well: without the logger
/// the process would die of SIGPIPE.
final class LoggerPipe {
  private let loop: EventLoop
  private var writeEnd: Descriptor?
  /// The logger's, until it has been spawned.
  private var readEnd: Descriptor?
  /// Opened anew: O_NONBLOCK on the other would be the logger's too.
  private var ours: Descriptor?
  private var watch: Watch?
  private(set) var bytesDropped: UInt64 = 0
  private var onEnd: (() -> Void)?

  init(_ loop: EventLoop) throws(Errno) {
    self.loop = loop
    var pipe = try Pipe()
    let readEnd = pipe.takeReadEnd()
    ours = try readEnd.reopenedForReading()
    self.readEnd = consume readEnd
    writeEnd = pipe.takeWriteEnd()
  }

  func takeWriteEnd() -> Descriptor? { writeEnd.take() }

  /// What the logger gets.
  var number: Int32 { readEnd?.number ?? Command.null }

  func closeReadEnd() { readEnd = nil }

  var inode: UInt64? { watch?.descriptor.inode ?? ours?.inode }

  /// Whether nobody writes any more, and nothing is left.
  var hasEnded: Bool { watch?.descriptor.hasEnded ?? ours?.hasEnded ?? true }

  var bytesLeft: Int { watch?.descriptor.readableBytes ?? ours?.readableBytes ?? 0 }

  /// Reads what still comes and drops it, so that the process goes on without its logger.
  func dropRest(onEnd: @escaping () -> Void) {
    guard let ours = ours.take() else { return }
    self.onEnd = onEnd
    watch = Watch(loop, ours, onReadable: { [unowned self] in drop() })
    watch?.awaitsReadable = true
  }

  private func drop() {
    guard let watch else { return }
    do throws(Errno) {
      let count = try unsafe watch.descriptor.read(into: loop.scratch)
      bytesDropped += UInt64(count)
      if count > 0 { return }
    } catch .wouldBlock {
      return
    } catch {}  // a reading error ends a stream like its end does
    let onEnd = onEnd.take()
    close()
    onEnd?()
  }

  func close() {
    writeEnd = nil
    readEnd = nil
    ours = nil
    watch = nil
    onEnd = nil
  }
}
