// SPDX-License-Identifier: Apache-2.0

/// A JSON text, read where it lies: no tree is built of it, for little of a long spec is looked at.
///
/// Members are found as Go's encoding/json finds those of a struct: by name, whatever the case of its
/// letters, and of several the last one counts.
struct JSONDocument {
  private let text: [UInt8]
  private let root: Range<Int>

  /// - Parameters:
  ///   - name: the file's, for an error.
  ///   - isBeginning: more may follow, which is not looked at.
  init(
    _ text: [UInt8], of name: String, isBeginning: Bool = false
  ) throws(BundleError) {
    var scanner = JSONScanner(text)
    do throws(JSONScanner.Malformed) {
      try scanner.skipValue()
    } catch {
      throw .malformed("\(name), \(error.words)")
    }
    self.text = text
    root = 0..<scanner.position
    if isBeginning { return }
    scanner.skipSpace()
    guard scanner.position == text.count else {
      throw .malformed("\(name): something follows the end of the value")
    }
  }

  /// The text of an object of strings.
  static func object(_ members: [(key: String, value: String)]) -> String {
    let lines = members.map { "\(JSONString.encode($0.key)):\(JSONString.encode($0.value))" }
    return "{\(lines.joined(separator: ","))}"
  }

  /// A member of the object that is a string.
  func string(_ key: String) -> String? { string(at: last(key, in: root)) }

  /// A member of a member that is a string.
  func string(_ object: String, _ key: String) -> String? { string(at: last(object, key)) }

  /// A member of a member; nil when it is no whole number.
  func integer(_ object: String, _ key: String, default absent: Int) -> Int? {
    guard let value = last(object, key) else { return absent }
    return Int(String(decoding: text[value], as: UTF8.self))
  }

  /// A member that is an array, of which the strings are taken.
  func strings(_ key: String) -> [String] {
    last(key, in: root).map { elements(of: $0).compactMap { string(at: $0) } } ?? []
  }

  /// Whether a member is `true`.
  func isTrue(_ key: String) -> Bool {
    last(key, in: root).map { text[$0.lowerBound] == UInt8(ascii: "t") } ?? false
  }

  /// The text with a member of the object set, and not a byte of it changed elsewhere: a number may be
  /// larger than any type of ours.
  ///
  /// Whoever reads it next may take the first of two members of a name, the last one, or only one that is
  /// written in small letters: all of them are set, and there is one in small letters.
  func setting(_ key: String, to value: Bool) throws(BundleError) -> [UInt8] {
    guard let end = text[root].lastIndex(of: UInt8(ascii: "}")),
      isObject(root)
    else { throw .malformed("not a JSON object") }
    let word = Array("\(value)".utf8)
    let all = members(of: root)
    var result: [UInt8] = []
    var done = 0
    for member in all where isName(member.key, key) {
      result += text[done..<member.value.lowerBound]
      result += word
      done = member.value.upperBound
    }
    result += text[done..<end]
    if !all.contains(where: { JSONString.decode(text[$0.key]) == key }) {
      result += Array((all.isEmpty ? "" : ",").utf8) + Array("\"\(key)\":".utf8) + word
    }
    return result + text[end...]
  }

  /// `linux.namespaces` has an entry of a type, without the path of another one.
  func hasOwnNamespace(_ wanted: String) -> Bool {
    let namespaces = last("linux", "namespaces").map(elements) ?? []
    return namespaces.contains {
      string(at: last("type", in: $0)) == wanted && string(at: last("path", in: $0)) ?? "" == ""
    }
  }

  /// The spec's annotations whose value is a string.
  var annotations: [String: String] {
    var found: [String: String] = [:]
    for object in all("annotations", in: root) {
      for member in members(of: object) {
        // Keys of a map, which are told apart by case.
        if let value = string(at: member.value) {
          found[JSONString.decode(text[member.key])] = value
        }
      }
    }
    return found
  }
}

extension JSONDocument {
  private typealias Member = (key: Range<Int>, value: Range<Int>)

  private func isObject(_ value: Range<Int>) -> Bool { begin(of: value) == UInt8(ascii: "{") }

  private func begin(of value: Range<Int>) -> UInt8 {
    var scanner = JSONScanner(text, at: value.lowerBound)
    scanner.skipSpace()
    return scanner.byte
  }

  private func string(at value: Range<Int>?) -> String? {
    guard let value, text[value.lowerBound] == UInt8(ascii: "\"") else { return nil }
    return JSONString.decode(text[value])
  }

  private func last(_ key: String, in object: Range<Int>) -> Range<Int>? {
    all(key, in: object).last
  }

  /// Of an object that is there twice both are one.
  private func last(_ object: String, _ key: String) -> Range<Int>? {
    var found: Range<Int>?
    for object in all(object, in: root) { found = last(key, in: object) ?? found }
    return found
  }

  private func all(_ key: String, in object: Range<Int>) -> [Range<Int>] {
    members(of: object).compactMap { isName($0.key, key) ? $0.value : nil }
  }

  /// - Parameter name: in ASCII.
  private func isName(_ key: Range<Int>, _ name: String) -> Bool {
    // Nearly all are other names, and written without escapes: no string is made of them.
    if key.count - 2 < name.utf8.count { return false }
    let bytes = text[key]
    if !bytes.contains(UInt8(ascii: "\\")) {
      return key.count - 2 == name.utf8.count
        && isSame(bytes.dropFirst().dropLast(), name)
    }
    return isSame(Array(JSONString.decode(bytes).utf8)[...], name)
  }

  /// Whatever the case of the letters. A loop: it makes no type at run time, as `zip` would.
  private func isSame(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
    func small(_ byte: UInt8) -> UInt8 {
      65...90 ~= byte ? byte | 32 : byte
    }
    guard bytes.count == name.utf8.count else { return false }
    var index = bytes.startIndex
    for byte in name.utf8 {
      guard small(bytes[index]) == small(byte) else { return false }
      index += 1
    }
    return true
  }

  /// Where the names, with their quotes, and values of an object lie; nothing for another value.
  private func members(of value: Range<Int>) -> [Member] {
    var found: [Member] = []
    var scanner = JSONScanner(text, at: value.lowerBound)
    guard scanner.takes(UInt8(ascii: "{")) else { return [] }
    // The text is known to be valid: what cannot be read is its end.
    while !scanner.takes(UInt8(ascii: "}")), scanner.position < value.upperBound {
      scanner.skipSpace()
      let key = scanner.position
      guard (try? scanner.skipString()) != nil else { break }
      let keyEnd = scanner.position
      guard scanner.takes(UInt8(ascii: ":")) else { break }
      scanner.skipSpace()
      let begin = scanner.position
      guard (try? scanner.skipValue()) != nil else { break }
      found.append((key..<keyEnd, begin..<scanner.position))
      _ = scanner.takes(UInt8(ascii: ","))
    }
    return found
  }

  private func elements(of value: Range<Int>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var scanner = JSONScanner(text, at: value.lowerBound)
    guard scanner.takes(UInt8(ascii: "[")) else { return [] }
    while !scanner.takes(UInt8(ascii: "]")), scanner.position < value.upperBound {
      scanner.skipSpace()
      let begin = scanner.position
      guard (try? scanner.skipValue()) != nil else { break }
      found.append(begin..<scanner.position)
      _ = scanner.takes(UInt8(ascii: ","))
    }
    return found
  }
}
