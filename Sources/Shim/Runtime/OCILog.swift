// SPDX-License-Identifier: Apache-2.0

/// What one run of a runtime logs. A file of its own: the runtime appends, and an error of an earlier
/// run is not this one's.
struct OCILog {
  private let bundle: Bundle
  private let name: String
  let path: String

  init(_ bundle: Bundle, run: Int) {
    name = "log.\(run).json"
    path = "\(bundle.path)/\(name)"
    self.bundle = bundle
  }

  /// The last error, in the runtime's words.
  var lastError: String? { (try? bundle.read(name)).flatMap(Self.lastError) }

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
  func unreadable(_ why: String) -> String {
    "unable to retrieve OCI runtime error (open \(path): no such file or directory): \(why)"
  }

  func remove() { try? bundle.remove(name) }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    let head = drop { $0.isWhitespace }
    guard let last = head.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(head[...last])
  }
}
