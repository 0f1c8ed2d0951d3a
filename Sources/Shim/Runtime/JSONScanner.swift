// SPDX-License-Identifier: Apache-2.0

/// Steps through a JSON text by the rules of Go's encoding/json, with which containerd and runc read it:
/// numbers of any length and size, any bytes in strings, lone surrogates; values 10,000 deep; and no
/// byte order mark. What a value means is not looked at here.
struct JSONScanner {
  struct Malformed: Error { let words: String }

  let text: [UInt8]
  var position: Int

  /// Go's own limit.
  private static let depthLimit = 10_000

  init(_ text: [UInt8], at position: Int = 0) {
    self.text = text
    self.position = position
  }

  /// The byte here; a NUL, which is no JSON, at the end.
  var byte: UInt8 { position < text.count ? text[position] : 0 }

  mutating func skipSpace() {
    while byte == UInt8(ascii: " ") || byte == 9 || byte == 10 || byte == 13 { position += 1 }
  }

  /// Steps over a byte and the white space before it, if it is there.
  mutating func takes(_ wanted: UInt8) -> Bool {
    skipSpace()
    guard byte == wanted, position < text.count else { return false }
    position += 1
    return true
  }

  /// Steps over a value and the white space before it. Not recursive: an idle shim would keep the pages
  /// of a deep stack.
  mutating func skipValue() throws(Malformed) {
    /// Whether each value that is open is an object.
    var open: [Bool] = []
    while true {
      skipSpace()
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isObject = byte == UInt8(ascii: "{")
        position += 1
        guard open.count < Self.depthLimit else { throw malformed("exceeded max depth") }
        if !takes(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          open.append(isObject)
          if isObject { try skipKey() }
          continue  // with the first value in it
        }
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: "t"): try skip("true")
      case UInt8(ascii: "f"): try skip("false")
      case UInt8(ascii: "n"): try skip("null")
      default: try skipNumber()
      }
      // A value has ended, and perhaps those that hold it.
      while let isObject = open.last {
        if takes(UInt8(ascii: ",")) {
          if isObject { try skipKey() }
          break
        }
        guard takes(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw malformed("\(isObject ? "'}'" : "']'") or ',' expected")
        }
        open.removeLast()
      }
      if open.isEmpty { return }
    }
  }

  /// A member's name and its colon.
  mutating func skipKey() throws(Malformed) {
    skipSpace()
    guard byte == UInt8(ascii: "\"") else { throw malformed("a name expected") }
    try skipString()
    guard takes(UInt8(ascii: ":")) else { throw malformed("':' expected") }
  }

  mutating func skipString() throws(Malformed) {
    position += 1
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        position += 1
        if byte == UInt8(ascii: "u") {
          for _ in 0..<4 {
            position += 1
            guard Self.hexadecimal(byte) != nil else { throw malformed("\\u and no code") }
          }
        } else if !"\"\\/bfnrt".utf8.contains(byte) {
          throw malformed("an unknown escape")
        }
      case 0..<32: throw malformed("a control character in a string")
      default: break
      }
      position += 1
    }
    throw malformed("a string without end")
  }

  private mutating func skipNumber() throws(Malformed) {
    if byte == UInt8(ascii: "-") { position += 1 }
    if byte == UInt8(ascii: "0") { position += 1 } else { try skipDigits() }
    if byte == UInt8(ascii: ".") {
      position += 1
      try skipDigits()
    }
    if byte | 32 == UInt8(ascii: "e") {
      position += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(Malformed) {
    let begin = position
    while case UInt8(ascii: "0")...UInt8(ascii: "9") = byte { position += 1 }
    if position == begin { throw malformed("a value expected") }
  }

  private mutating func skip(_ word: StaticString) throws(Malformed) {
    for index in 0..<word.utf8CodeUnitCount {
      guard unsafe byte == word.utf8Start[index] else { throw malformed("a value expected") }
      position += 1
    }
  }

  static func hexadecimal(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
      UInt16((byte | 32) - UInt8(ascii: "a") + 10)
    default: nil
    }
  }

  private func malformed(_ words: String) -> Malformed {
    let line = text[..<min(position, text.count)].count { $0 == UInt8(ascii: "\n") } + 1
    return Malformed(words: "line \(line): \(position < text.count ? words : "it ends too early")")
  }
}
