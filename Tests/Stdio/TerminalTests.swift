// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Testing

@testable import Stdio

/// A terminal's output, whose process is played by the test.
@Suite(.serialized) struct TerminalTests {
  private let harness: StdioHarness
  private let path: String

  init() throws {
    harness = try StdioHarness()
    path = harness.makeFifo("stdout")
  }

  /// A terminal that changes no bytes, and the process's end of it.
  private func open() throws -> (ProcessIO, slave: Int32) {
    let master = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var locked: Int32 = 0
    var number: UInt32 = 0
    #expect(ioctl(master, 0x4004_5431, &locked) == 0)  // TIOCSPTLCK
    #expect(ioctl(master, 0x8004_5430, &number) == 0)  // TIOCGPTN
    // A terminal that is full must not hold the test, in whose thread it is read, too.
    let slave = Glibc.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var settings = termios()
    tcgetattr(slave, &settings)
    cfmakeraw(&settings)
    tcsetattr(slave, TCSANOW, &settings)
    let io = try ProcessIO(
      harness.hub, StdioPaths(stdin: "", stdout: path, stderr: ""), terminal: true)
    try io.attach(Pseudoterminal(Descriptor(owning: master)))
    return (io, slave)
  }

  private func readAll(_ client: borrowing ClientEnd) -> Int {
    var count = 0
    var ended = false
    harness.run {
      if let bytes = client.read() { count += bytes.count } else { ended = true }
      return ended
    }
    return count
  }

  /// More than the terminal says it holds (FIONREAD): the rest is on its way inside the kernel. Read
  /// to the end, whether others keep the terminal open or not.
  @Test(arguments: [false, true]) func allThatWasPrintedBeforeTheExitIsRead(isKept: Bool) throws {
    for _ in 1...20 {
      let (io, slave) = try open()
      let client = ClientEnd(reading: path)
      var connected = false
      io.connect { error in
        #expect(error == nil)
        connected = true
      }
      harness.run { connected }
      let text = [UInt8](repeating: 0x78, count: 12_000)
      let written = write(slave, text, text.count)  // as much as it takes
      if !isKept { close(slave) }
      io.processExited()
      #expect(readAll(client) == written)
      #expect(io.isRelayed)
      if isKept { close(slave) }
      io.close()
    }
  }

  /// Nobody has the terminal open, and the process lives: it may open it again.
  @Test func aHangUpIsNoEnd() throws {
    let (io, slave) = try open()
    let client = ClientEnd(reading: path)
    var connected = false
    io.connect { _ in connected = true }
    harness.run { connected }
    #expect(write(slave, "before", 6) == 6)
    close(slave)
    var count = 0
    harness.run {
      count += client.read()?.count ?? 0
      return count == 6
    }
    harness.settle()
    #expect(!io.isRelayed)
    io.processExited()
    #expect(readAll(client) == 0)
    io.close()
  }
}
