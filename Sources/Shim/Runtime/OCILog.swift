// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// What one run of a runtime logs: in memory, so that it takes no room on a disk that has none.
final class OCILog {
  /// More of its end is not looked at (bytes).
  private static let limit = 64 * 1024

  /// Nil when there is no descriptor left: the runtime then says nothing.
  private let file: MemoryFile?

  init() { file = try? MemoryFile("log.json") }

  /// What the runtime is told to open.
  var path: String { file?.path ?? "/dev/null" }

  /// The last error, in the runtime's words.
  var lastError: String? { Self.lastError(of: file?.end(limit: Self.limit) ?? "") }

  /// - Parameter text: JSON objects; what is none is passed over.
  static func lastError(of text: String) -> String? {
    entries(of: text).reversed().lazy.compactMap { text -> String? in
      guard let entry = try? JSONDocument(Array(text.utf8), of: "log.json", isBeginning: true),
        entry.string("level") == "error", let words = entry.string("msg")
      else { return nil }
      return words.trimmed
    }.first
  }

  /// Each begins where a line does, and goes on to the next: runc's takes one line, crun's (1.28,
  /// by json-c) five.
  private static func entries(of text: String) -> [String] {
    text.split(separator: "\n").reduce(into: []) { entries, line in
      if line.utf8.first == UInt8(ascii: "{") || entries.isEmpty { entries.append("") }
      entries[entries.count - 1] += line
    }
  }

  /// containerd's words for a runtime that could not even begin.
  static func unreadable(_ why: String, in bundle: String) -> String {
    "unable to retrieve OCI runtime error (open \(bundle)/log.json: no such file or directory): \(why)"
  }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    let head = drop { $0.isWhitespace }
    guard let last = head.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(head[...last])
  }
}
