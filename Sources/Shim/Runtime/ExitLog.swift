// SPDX-License-Identifier: Apache-2.0

internal import Linux

internal import struct SystemPackage.Errno

/// The exits of a container's processes, in a file of the bundle: written before anybody is told, so
/// that `delete` can still say the truth should the shim die. A line for each:
///
///     1 EXEC PID STATUS SECONDS NANOSECONDS OOM RELAYED LEFT CHECK
///
/// 1 is the format's version. EXEC is `-` for init. CHECK is a sum over what stands before it: the
/// end of a line that was torn off makes it wrong.
package enum ExitLog {
  private static let name = "exits"
  /// Then it begins anew (bytes). Init's exit is told last, so nothing that counts is lost.
  private static let limit = 64 * 1024

  package struct Entry: Equatable, Sendable {
    /// Empty for init.
    package var exec: String
    package var pid: Int32
    /// The exit code, or 128 + the signal.
    package var status: UInt32
    package var seconds: Int64
    package var nanoseconds: Int32
    /// How often the container had run out of memory.
    package var outOfMemory: Int
    /// Bytes of output that reached the client's FIFOs, and those that nobody had read.
    package var bytesRelayed: UInt64
    package var bytesLeft: Int

    package init(
      exec: String, pid: Int32, status: UInt32, seconds: Int64, nanoseconds: Int32,
      outOfMemory: Int, bytesRelayed: UInt64, bytesLeft: Int
    ) {
      self.exec = exec
      self.pid = pid
      self.status = status
      self.seconds = seconds
      self.nanoseconds = nanoseconds
      self.outOfMemory = outOfMemory
      self.bytesRelayed = bytesRelayed
      self.bytesLeft = bytesLeft
    }
  }

  package static func append(_ entry: Entry, to bundle: Bundle) throws(BundleError) {
    do throws(Errno) {
      try bundle.append(name, "\(entry.line)\n", limit: limit)
    } catch {
      throw .unwritable(name, error)
    }
  }

  /// How init ended; nil when that is not recorded.
  package static func exitOfInit(in bundle: Bundle) -> Entry? {
    guard let text = try? bundle.read(name) else { return nil }
    return parse(text).last { $0.exec.isEmpty }
  }

  /// All whole lines of this version.
  static func parse(_ text: String) -> [Entry] {
    text.split(separator: "\n").compactMap { Entry(line: $0) }
  }
}

extension ExitLog.Entry {
  private static let version = "1"

  var line: String {
    let words =
      "\(Self.version) \(exec.isEmpty ? "-" : exec) \(pid) \(status) \(seconds) \(nanoseconds) "
      + "\(outOfMemory) \(bytesRelayed) \(bytesLeft)"
    return "\(words) \(Self.check(words))"
  }

  init?(line: Substring) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 10, words[0] == Self.version,
      Self.check(line.prefix(line.count - words[9].count - 1)) == words[9],
      let pid = Int32(words[2]), let status = UInt32(words[3]), let seconds = Int64(words[4]),
      let nanoseconds = Int32(words[5]), let outOfMemory = Int(words[6]),
      let relayed = UInt64(words[7]), let left = Int(words[8])
    else { return nil }
    self.init(
      exec: words[1] == "-" ? "" : String(words[1]), pid: pid, status: status, seconds: seconds,
      nanoseconds: nanoseconds,
      outOfMemory: outOfMemory, bytesRelayed: relayed, bytesLeft: left)
  }

  /// FNV-1a: against accidents, not against people, who could write the file anew.
  private static func check(_ text: some StringProtocol) -> String {
    let sum = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    return String(sum, radix: 16)
  }
}
