// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

@testable import Stdio

/// A loop, a folder with FIFOs, and clients at their other ends.
final class StdioHarness {
  let loop = EventLoop()
  let children = ChildProcesses(openFiles: .current)
  let hub: StdioHub
  let folder: String

  init() throws {
    CurrentProcess.ignoreBrokenPipes()
    hub = try StdioHub(loop, children, namespace: "tests", warn: { _, _ in })
    var template = Array("/tmp/stdio-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { throw Failure() }
    folder = String(cString: path)
  }

  deinit {
    for name in ["stdin", "stdout", "stderr", "file"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  struct Failure: Error {}

  func makeFifo(_ name: String) -> String {
    let path = "\(folder)/\(name)"
    #expect(mkfifo(path, 0o700) == 0)
    return path
  }

  /// Turns the loop until the condition holds; fails after a time that only a hang needs.
  func run(until condition: () throws -> Bool) rethrows {
    var isOver = false
    let deadline = Timer(loop) { isOver = true }
    deadline.schedule(after: .seconds(20))
    // Wakes the loop to look at conditions that no handler brings about.
    var tick: Timer?
    tick = Timer(loop) { tick?.schedule(after: .milliseconds(5)) }
    tick?.schedule(after: .milliseconds(5))
    while try !condition() {
      if isOver {
        Issue.record("the condition never came about")
        break
      }
      loop.runOnce()
    }
    tick = nil
  }

  /// Turns the loop until it has nothing to do for a moment.
  func settle() {
    var turns = 0
    run {
      turns += 1; return turns > 6
    }
  }
}

/// A client's end of a FIFO.
struct ClientEnd: ~Copyable {
  let descriptor: Descriptor

  init(reading path: String) { self.init(path, O_RDONLY) }
  init(writing path: String) { self.init(path, O_WRONLY) }

  private init(_ path: String, _ mode: Int32) {
    descriptor = Descriptor(owning: open(path, mode | O_NONBLOCK | O_CLOEXEC))
  }

  func write(_ text: String) { #expect((try? descriptor.write(Array(text.utf8).span)) != nil) }

  /// What is there now; nil at the end of the stream.
  func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    let count = Glibc.read(descriptor.number, &buffer, buffer.count)
    if count == 0 { return nil }
    return count < 0 ? [] : Array(buffer[..<count])
  }
}
