// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

@Suite struct ExitLogTests {
  private let entry = ExitLog.Entry(
    exec: "", pid: 77, status: 143, seconds: 1_800_000_000, nanoseconds: 5, outOfMemory: 2,
    bytesRelayed: 1 << 40, bytesLeft: 12)

  private func exec(_ id: String) -> ExitLog.Entry {
    var entry = entry
    entry.exec = id
    return entry
  }

  @Test func linesAreReadBack() {
    let text = "\(exec("e1").line)\n\(exec("e.2_-").line)\n\(entry.line)\n"
    #expect(ExitLog.parse(text) == [exec("e1"), exec("e.2_-"), entry])
    #expect(entry.line.hasPrefix("1 - 77 143 1800000000 5 2 1099511627776 12 "))
  }

  /// A write that was cut off anywhere is no record, and hides none before it.
  @Test func tornLinesAreNone() {
    let line = entry.line
    for count in 0..<line.count {
      #expect(ExitLog.parse("\(exec("e").line)\n\(line.prefix(count))") == [exec("e")])
    }
  }

  @Test func changedLinesAreNone() {
    #expect(ExitLog.parse(entry.line.replacing(" 143 ", with: " 0 ")) == [])
    #expect(ExitLog.parse("2\(entry.line.dropFirst())") == [])
    #expect(ExitLog.parse("\(entry.line) more") == [])
    #expect(ExitLog.parse("\n\n \n- - -\n") == [])
  }
}
