// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Testing

@testable import Stdio

/// When an exit may be told, as far as it depends on the output that is unread.
@Suite(.serialized) struct LastReadingTests {
  private let harness: StdioHarness
  private let io: ProcessIO
  private let client: Int32

  /// A process that has written this much, and ended, and a client that has read nothing yet.
  init() throws {
    harness = try StdioHarness()
    let path = harness.makeFifo("stdout")
    io = try ProcessIO(harness.hub, StdioPaths(stdin: "", stdout: path, stderr: ""))
    client = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  }

  private func writeAndEnd(_ count: Int) {
    let writer = fcntl(io.childDescriptors[1], F_DUPFD_CLOEXEC, 3)
    io.closeChildEnds()
    io.connect { #expect($0 == nil) }
    let bytes = [UInt8](repeating: 1, count: 32 * 1024)
    for _ in 0..<count / bytes.count {
      #expect(write(writer, bytes, bytes.count) == bytes.count)
      harness.settle()
    }
    close(writer)
    #expect(io.bytesLeft == count)
  }

  private func take(_ count: Int) {
    var buffer = [UInt8](repeating: 0, count: count)
    #expect(read(client, &buffer, count) == count)
  }

  @Test func littleIsTakenForRead() {
    writeAndEnd(64 * 1024)
    var isTold = false
    io.whenNearlyRead(ifAwaited: { true }) { isTold = true }
    #expect(isTold)
    close(client)
  }

  @Test func muchIsAwaited() {
    writeAndEnd(128 * 1024)
    var isTold = false
    io.whenNearlyRead(ifAwaited: { true }) { isTold = true }
    take(60 * 1024)
    harness.settle()
    #expect(!isTold)
    take(4 * 1024)
    harness.run { isTold }
    #expect(io.bytesLeft == LastReading.little)
    close(client)
  }

  @Test func whoDoesNotReadIsNotAwaitedForLong() {
    writeAndEnd(128 * 1024)
    var isTold = false
    let began = MonotonicClock.now
    io.whenNearlyRead(ifAwaited: { true }) { isTold = true }
    harness.run { isTold }
    #expect(MonotonicClock.now - began >= .seconds(1))
    #expect(io.bytesLeft == 128 * 1024)
    close(client)
  }

  /// Neither at first nor later, when containerd is gone.
  @Test func whoDoesNotWaitIsNotAwaited() {
    writeAndEnd(128 * 1024)
    var isTold = false
    io.whenNearlyRead(ifAwaited: { false }) { isTold = true }
    #expect(isTold)
    isTold = false
    var isAwaited = true
    let began = MonotonicClock.now
    io.whenNearlyRead(ifAwaited: { isAwaited }) { isTold = true }
    harness.settle()
    #expect(!isTold)
    isAwaited = false
    harness.run { isTold }
    #expect(MonotonicClock.now - began < .seconds(1))
    close(client)
  }

  /// A process that lives on may write for ever: what comes after the exit is not waited for.
  @Test func whatComesLaterDoesNotCount() {
    let writer = fcntl(io.childDescriptors[1], F_DUPFD_CLOEXEC, 3)
    writeAndEnd(96 * 1024)
    var isTold = false
    io.whenNearlyRead(ifAwaited: { true }) { isTold = true }
    #expect(!isTold)
    let more = [UInt8](repeating: 2, count: 32 * 1024)
    #expect(write(writer, more, more.count) == more.count)
    harness.settle()
    take(32 * 1024)
    harness.run { isTold }
    #expect(io.bytesLeft == 96 * 1024)
    close(writer)
    close(client)
  }
}
