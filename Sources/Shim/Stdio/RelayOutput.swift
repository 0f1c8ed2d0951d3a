// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux

internal import struct SystemPackage.Errno

/// Where a relay's bytes go. Those it has no room for are held, and go first when room comes.
final class RelayOutput {
  private static let largestPipe = Pacing.largestPipe

  /// Called when there is room again, with nothing held any more.
  var onRoom: () -> Void = {}
  /// Called once. Whatever is still written is dropped and counted.
  var onFailure: (Errno) -> Void = { _ in }
  private(set) var bytesRelayed: UInt64 = 0
  private(set) var bytesDropped: UInt64 = 0

  private var watch: Watch?
  private let isPipe: Bool
  private var held: [UInt8] = []
  private var growsWithRoom = false

  /// - Parameter isPipe: false for a file or a terminal (a splice to what was opened with O_APPEND is
  ///   EINVAL).
  init(_ watch: Watch, isPipe: Bool) {
    self.watch = watch
    self.isPipe = isPipe
    watch.onWritable = { [unowned self] in writable() }
  }

  /// Whether pages can be moved to it, without a copy.
  var takesPages: Bool { isPipe && watch != nil }
  /// Whether nothing may be written before `onRoom`.
  var isFull: Bool { watch?.awaitsWritable ?? false }
  var bytesHeld: Int { held.count }
  /// To be given to a child.
  var number: Int32 { watch?.descriptor.number ?? Command.null }

  /// Writes, and holds the rest.
  ///
  /// - Returns: false when it is full now.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let watch else {
      bytesDropped += UInt64(bytes.count)
      return true
    }
    var written = 0
    do throws(Errno) {
      // Who took a part may take more: epoll does not watch files, and tells of a terminal's room only
      // after an EAGAIN. A pipe that took a part is full.
      repeat {
        let more = try unsafe watch.descriptor.write(.init(rebasing: bytes[written...]))
        if more == 0 { break }
        written += more
        bytesRelayed += UInt64(more)
      } while !isPipe && written < bytes.count
    } catch .wouldBlock {
    } catch {
      bytesDropped += UInt64(bytes.count - written)
      fail(error)
      return true
    }
    if written == bytes.count { return true }
    held = unsafe Array(bytes[written...])
    awaitRoom(watch)
    return false
  }

  /// Moves pages of a pipe that has some.
  ///
  /// - Returns: false when it is full now.
  func splice(from input: borrowing Descriptor) -> Bool {
    guard let watch else { return true }
    do throws(Errno) {
      bytesRelayed += UInt64(try input.splice(to: watch.descriptor, atMost: Self.largestPipe))
    } catch .wouldBlock {
      awaitRoom(watch)
    } catch {
      fail(error)
    }
    return !isFull
  }

  private func awaitRoom(_ watch: Watch) {
    watch.awaitsWritable = true
    guard isPipe else { return }
    // Full by bytes, not by slots: a pipe of short writes would only pin more pages.
    let capacity = watch.descriptor.pipeCapacity
    growsWithRoom = capacity < Self.largestPipe && watch.descriptor.readableBytes >= capacity / 2
  }

  private func writable() {
    guard let watch else { return }
    // Now, not when it was found full: somebody does read, so the pages will not lie unread.
    if growsWithRoom {
      growsWithRoom = false
      grow()
    }
    watch.awaitsWritable = false
    let rest = held
    held = []
    let isOut = unsafe rest.withUnsafeBufferPointer { unsafe rest.isEmpty || write($0) }
    if isOut { onRoom() }
  }

  /// Whether the pipe is larger than it was made.
  private(set) var hasGrown = false

  func grow() {
    watch?.descriptor.growPipe(to: Self.largestPipe)
    hasGrown = true
  }

  private func fail(_ error: Errno) {
    letGo()
    onFailure(error)
  }

  /// Lets go of the descriptor, whatever is held; tells nobody.
  func close() {
    letGo()
    held = []
    onRoom = {}
    onFailure = { _ in }
  }

  /// A terminal's watch lives on, as the input's.
  private func letGo() {
    watch?.awaitsWritable = false
    watch?.onWritable = {}
    watch = nil
  }
}
