// SPDX-License-Identifier: Apache-2.0

/// What a JSON string says, and how one is written.
enum JSONString {
  /// As Go reads it: what is no UTF-8, and half a pair of surrogates, become U+FFFD.
  ///
  /// - Parameter text: valid, with its quotes.
  static func decode(_ text: ArraySlice<UInt8>) -> String {
    let inside = text.dropFirst().dropLast()
    guard inside.contains(UInt8(ascii: "\\")) else {
      return String(decoding: inside, as: UTF8.self)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(inside.count)
    var rest = inside
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      switch escape {
      case UInt8(ascii: "b"): bytes.append(8)
      case UInt8(ascii: "f"): bytes.append(12)
      case UInt8(ascii: "n"): bytes.append(10)
      case UInt8(ascii: "r"): bytes.append(13)
      case UInt8(ascii: "t"): bytes.append(9)
      case UInt8(ascii: "u"): bytes += Array(String(Character(scalar(&rest))).utf8)
      default: bytes.append(escape)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What follows `\u`, and the other half of a pair.
  private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
    let first = code(rest)
    rest = rest.dropFirst(4)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let next = rest.dropFirst(2)
    if UTF16.isLeadSurrogate(first), rest.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]),
      case let second = code(next), UTF16.isTrailSurrogate(second)
    {
      rest = next.dropFirst(4)
      let value = 0x10000 + (UInt32(first & 0x3ff) << 10 | UInt32(second & 0x3ff))
      if let scalar = Unicode.Scalar(value) { return scalar }
    }
    return "\u{FFFD}"
  }

  private static func code(_ digits: ArraySlice<UInt8>) -> UInt16 {
    digits.prefix(4).reduce(0) { $0 << 4 | (JSONScanner.hexadecimal($1) ?? 0) }
  }

  /// With its quotes.
  static func encode(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case "\u{00}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
