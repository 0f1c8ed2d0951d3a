// SPDX-License-Identifier: Apache-2.0

/// Reads the words of a TOML 1.0 text, one after the other.
struct TOMLScanner {
  /// Bytes that are valid UTF-8.
  private var rest: ArraySlice<UInt8>
  private(set) var line = 1
  /// How deep we are in arrays and inline tables: each level is a call of ours.
  private var depth = 0
  private static let depthLimit = 32

  init(_ text: [UInt8]) { rest = text[...] }

  func failure(_ words: String) -> RuntimeOptionsError {
    RuntimeOptionsError("line \(line): \(words)")
  }

  private func isNext(_ text: String) -> Bool { rest.starts(with: text.utf8) }

  mutating func take(_ text: String) -> Bool {
    guard isNext(text) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  private mutating func take(while isPart: (UInt8) -> Bool) -> String {
    let part = rest.prefix(while: isPart)
    rest = rest.dropFirst(part.count)
    return String(decoding: part, as: UTF8.self)
  }

  mutating func skipBlanks() { _ = take { $0 == 0x20 || $0 == 0x09 } }

  private mutating func takeNewline() -> Bool {
    guard take("\n") || take("\r\n") else { return false }
    line += 1
    return true
  }

  private mutating func skipComment() throws(RuntimeOptionsError) {
    if take("#") { _ = take { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }
  }

  /// Skips blanks, comments and empty lines; false at the end.
  mutating func skipToContent() throws(RuntimeOptionsError) -> Bool {
    repeat {
      skipBlanks()
      try skipComment()
    } while takeNewline()
    return !rest.isEmpty
  }

  mutating func endLine() throws(RuntimeOptionsError) {
    skipBlanks()
    try skipComment()
    guard rest.isEmpty || takeNewline() else { throw failure("more than one value") }
  }

  // -- Keys ---------------------------------------------------------------------------------------

  /// A bare, quoted or dotted key, with the blanks around it.
  mutating func key() throws(RuntimeOptionsError) -> (first: String, isDotted: Bool) {
    let first = try keyWord()
    var isDotted = false
    while take(".") {
      isDotted = true
      _ = try keyWord()
    }
    return (first, isDotted)
  }

  private mutating func keyWord() throws(RuntimeOptionsError) -> String {
    skipBlanks()
    defer { skipBlanks() }
    if isNext("\"\"\"") || isNext("'''") { throw failure("a key of many lines") }
    if take("\"") { return try basicString() }
    if take("'") { return try literalString() }
    let word = take(while: Self.isBare)
    guard !word.isEmpty else { throw failure("a key is missing") }
    return word
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // -- Values -------------------------------------------------------------------------------------

  mutating func value() throws(RuntimeOptionsError) -> OptionsTable.Value {
    if take("\"\"\"") { return try skipLongString("\"\"\"", hasEscapes: true) }
    if take("'''") { return try skipLongString("'''", hasEscapes: false) }
    if take("\"") { return .string(try basicString()) }
    if take("'") { return .string(try literalString()) }
    if take("[") { return try skipArray() }
    if take("{") { return try skipInlineTable() }
    return try bareValue()
  }

  /// An integer, a boolean, or what is neither.
  private mutating func bareValue() throws(RuntimeOptionsError) -> OptionsTable.Value {
    var word = take { Self.isBare($0) || "+.:".utf8.contains($0) }
    if word.isEmpty { throw failure("a value is missing") }
    if word == "true" || word == "false" { return .boolean(word == "true") }
    if let integer = TOMLNumber.integer(word) { return .integer(integer) }
    // A blank may stand between date and time.
    if TOMLNumber.isDate(word), isNext(" "), let digit = rest.dropFirst().first,
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit
    {
      rest = rest.dropFirst()
      word += " " + take { Self.isBare($0) || "+.:".utf8.contains($0) }
    }
    guard TOMLNumber.isFloatOrTime(word) else { throw failure("\(word) is no value") }
    return .other(word)
  }

  private mutating func skipArray() throws(RuntimeOptionsError) -> OptionsTable.Value {
    try descend()
    _ = try skipToContent()
    while !take("]") {
      _ = try value()
      _ = try skipToContent()
      guard take(",") || isNext("]") else { throw failure("an array without its ]") }
      _ = try skipToContent()
    }
    depth -= 1
    return .other("an array")
  }

  private mutating func skipInlineTable() throws(RuntimeOptionsError) -> OptionsTable.Value {
    try descend()
    skipBlanks()
    if !take("}") {
      repeat {
        let key = try key()
        guard take("=") else { throw failure("no = after \(key.first)") }
        skipBlanks()
        _ = try value()
        skipBlanks()
      } while take(",")
      guard take("}") else { throw failure("a table without its }") }
    }
    depth -= 1
    return .other("a table")
  }

  private mutating func descend() throws(RuntimeOptionsError) {
    depth += 1
    if depth > Self.depthLimit { throw failure("too many arrays in arrays") }
  }
}

// -- Strings ------------------------------------------------------------------------------------

extension TOMLScanner {
  private mutating func literalString() throws(RuntimeOptionsError) -> String {
    let string = take { ($0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "'")) || $0 == 0x09 }
    guard take("'") else { throw failure("a string without its end") }
    return string
  }

  private mutating func basicString() throws(RuntimeOptionsError) -> String {
    var string = ""
    while true {
      string += take {
        ($0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\"))
          || $0 == 0x09
      }
      if take("\"") { return string }
      guard take("\\") else { throw failure("a string without its end") }
      string.unicodeScalars.append(try escape())
    }
  }

  private mutating func escape() throws(RuntimeOptionsError) -> Unicode.Scalar {
    switch rest.popFirst() {
    case UInt8(ascii: "b"): "\u{8}"
    case UInt8(ascii: "t"): "\t"
    case UInt8(ascii: "n"): "\n"
    case UInt8(ascii: "f"): "\u{c}"
    case UInt8(ascii: "r"): "\r"
    case UInt8(ascii: "\""): "\""
    case UInt8(ascii: "\\"): "\\"
    case UInt8(ascii: "u"): try scalar(digits: 4)
    case UInt8(ascii: "U"): try scalar(digits: 8)
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func scalar(digits count: Int) throws(RuntimeOptionsError) -> Unicode.Scalar {
    let digits = String(decoding: rest.prefix(count), as: UTF8.self)
    rest = rest.dropFirst(count)
    guard digits.utf8.count == count, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
      let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number)
    else { throw failure("\\\(count == 4 ? "u" : "U")\(digits) is no character") }
    return scalar
  }

  /// A string of many lines: no option has one, so its text is not kept.
  private mutating func skipLongString(
    _ quotes: String, hasEscapes: Bool
  ) throws(RuntimeOptionsError) -> OptionsTable.Value {
    let first = line
    while !take(quotes) {
      if takeNewline() { continue }
      if hasEscapes && take("\\") && (isNext("\n") || isNext("\r\n")) { continue }
      guard rest.popFirst() != nil else {
        throw RuntimeOptionsError("line \(first): a string without its end")
      }
    }
    // One or two quotes may stand before the three that end it.
    let quote = quotes.utf8.first
    for _ in 0..<2 where rest.first == quote { rest = rest.dropFirst() }
    return .other("a string of many lines")
  }
}
