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

  /// - Parameter text: lines, each a JSON object; others are passed over.
  static func lastError(of text: String) -> String? {
    text.split(separator: "\n").reversed().lazy.compactMap { line -> String? in
      guard let entry = try? JSONDocument(Array(line.utf8), of: "log.json"),
        entry.string("level") == "error", let words = entry.string("msg")
      else { return nil }
      return words.trimmed
    }.first
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
