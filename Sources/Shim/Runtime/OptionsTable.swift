// SPDX-License-Identifier: Apache-2.0

/// A flat table of TOML 1.0: keys and simple values. What is more than that (arrays, tables, dates)
/// is read over, and stands there as `other`, so that its reader can refuse it or not.
package struct OptionsTable: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case string(String)
    case integer(Int64)
    case boolean(Bool)
    /// What it is, with its article.
    case other(String)
  }

  package struct Entry: Equatable, Sendable {
    package let key: String
    package let value: Value
    /// From 1 on.
    package let line: Int
  }

  /// In the order of the text. A section is one entry, whatever it holds; so is a dotted key, under
  /// the first of its words.
  package private(set) var entries: [Entry] = []

  package init(parsing text: [UInt8]) throws(RuntimeOptionsError) {
    guard String(validating: text, as: UTF8.self) != nil else {
      throw RuntimeOptionsError("the table is no UTF-8")
    }
    var scanner = TOMLScanner(text)
    var isInSection = false
    while try scanner.skipToContent() {
      let line = scanner.line
      if scanner.take("[") {
        isInSection = true
        let isArray = scanner.take("[")
        let key = try scanner.key()
        guard scanner.take("]"), !isArray || scanner.take("]") else {
          throw scanner.failure("a section without its ]")
        }
        // One table may have many sections: [a.b], [a.c].
        if !entries.contains(where: { $0.key == key.first && $0.value == .section }) {
          try enter(Entry(key: key.first, value: .section, line: line))
        }
      } else {
        let key = try scanner.key()
        guard scanner.take("=") else { throw scanner.failure("no = after \(key.first)") }
        scanner.skipBlanks()
        let value = try scanner.value()
        if !isInSection {
          let isFirst = !entries.contains { $0.key == key.first && $0.value == .dotted }
          if !key.isDotted || isFirst {
            let entry = Entry(key: key.first, value: key.isDotted ? .dotted : value, line: line)
            try enter(entry)
          }
        }
      }
      try scanner.endLine()
    }
  }

  private mutating func enter(_ entry: Entry) throws(RuntimeOptionsError) {
    guard !entries.contains(where: { $0.key == entry.key }) else {
      throw RuntimeOptionsError("line \(entry.line): \(entry.key) stands there twice")
    }
    entries.append(entry)
  }
}

extension OptionsTable.Value {
  fileprivate static let section = Self.other("a section")
  fileprivate static let dotted = Self.other("a table")

  package var words: String {
    switch self {
    case .string: "a string"
    case .integer(let integer): "\(integer)"
    case .boolean(let boolean): "\(boolean)"
    case .other(let words): words
    }
  }
}
