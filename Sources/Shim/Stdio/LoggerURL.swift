// SPDX-License-Identifier: Apache-2.0

/// The name of a logger or of a file, read as Go's net/url does.
struct LoggerURL: Equatable, Sendable {
  let path: String
  /// The query's keys, each with its first value: a logger's arguments.
  let arguments: [String]

  /// - Throws: `notAPath`, unless it names an absolute path.
  init(_ name: String) throws(StdioError) {
    let rest = name.drop { $0 != ":" }.dropFirst().prefix { $0 != "#" }
    let place = rest.prefix { $0 != "?" }
    // What stands between two slashes and the third names a host, which is none of ours.
    let path = place.hasPrefix("//") ? place.dropFirst(2).drop { $0 != "/" } : place
    guard path.hasPrefix("/"), let decoded = Self.decode(path) else { throw .notAPath(name) }
    self.path = decoded
    arguments = Self.arguments(rest.dropFirst(place.count + 1))
  }

  /// In the order of the query, where Go's are in none. A key without a value has an empty one.
  private static func arguments(_ query: Substring) -> [String] {
    var keys: Set<String> = []
    var arguments: [String] = []
    for pair in query.split(separator: "&") {
      let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      // As in Go a pair that cannot be read is left out; it counts semicolons among these.
      guard !pair.contains(";"), let key = decode(words[0], plusIsSpace: true),
        let value = decode(words.count > 1 ? words[1] : "", plusIsSpace: true),
        keys.insert(key).inserted
      else { continue }
      arguments += [key, value]
    }
    return arguments
  }

  /// Nil for a percent sign without two digits, and for what no C string can hold.
  private static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String? {
    var decoded: [UInt8] = []
    var bytes = text.utf8[...]
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        let digits = bytes.prefix(2)
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
          let value = UInt8(String(Substring(digits)), radix: 16)
        else { return nil }
        decoded.append(value)
        bytes.removeFirst(2)
      case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
      default: decoded.append(byte)
      }
    }
    return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
  }
}
