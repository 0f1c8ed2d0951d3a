// SPDX-License-Identifier: Apache-2.0

/// What a bare word of TOML 1.0 means.
enum TOMLNumber {
  /// Decimal with a sign or without, or `0x`, `0o`, `0b`; single underscores between digits.
  static func integer(_ word: String) -> Int64? {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
      return digits(word.dropFirst(2)).flatMap { Int64($0, radix: radix) }
    }
    let isSigned = word.hasPrefix("-") || word.hasPrefix("+")
    guard let digits = digits(isSigned ? word.dropFirst() : word[...]),
      digits == "0" || !digits.hasPrefix("0")
    else { return nil }
    return Int64(word.hasPrefix("-") ? "-\(digits)" : digits)
  }

  /// Without the underscores; nil if they stand elsewhere than between two digits.
  private static func digits(_ word: Substring) -> String? {
    let groups = word.split(separator: "_", omittingEmptySubsequences: false)
    guard groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isHexDigit) }) else { return nil }
    return groups.joined()
  }

  static func isDate(_ word: String) -> Bool {
    word.utf8.count == 10 && word.split(separator: "-").map(\.utf8.count) == [4, 2, 2]
  }

  /// No option is one: enough to know that it is meant to be.
  static func isFloatOrTime(_ word: String) -> Bool {
    let unsigned = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word[...]
    if unsigned == "inf" || unsigned == "nan" { return true }
    guard let first = unsigned.utf8.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= first
    else { return false }
    return unsigned.utf8.allSatisfy { "0123456789+-.:_eETtZz ".utf8.contains($0) }
      && unsigned.utf8.contains { "-.:eE".utf8.contains($0) }
  }
}
