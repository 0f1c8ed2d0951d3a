// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

@Suite struct OptionsTableTests {
  private func parse(_ text: String) throws -> [OptionsTable.Entry] {
    try OptionsTable(parsing: Array(text.utf8)).entries
  }

  private func value(_ text: String) throws -> OptionsTable.Value? {
    try parse("x = \(text)\ny = 0").first?.value
  }

  private func words(_ text: String) -> String {
    do throws(RuntimeOptionsError) {
      return "\(try OptionsTable(parsing: Array(text.utf8)).entries)"
    } catch {
      return error.words
    }
  }

  @Test(arguments: ["", "\n", " # nothing\r\n\t\n", "#ä"]) func nothing(_ text: String) throws {
    #expect(try parse(text) == [])
  }

  @Test func keysAndLines() throws {
    let entries = try parse("a=1 # one\r\n\r\n \"b\\u0020b\"\t= 2\n'c' = 3\nA-Z_0 = 4\n4 = 5")
    #expect(entries.map(\.key) == ["a", "b b", "c", "A-Z_0", "4"])
    #expect(entries.map(\.line) == [1, 3, 4, 5, 6])
    #expect(entries.map(\.value) == (1...5).map { .integer($0) })
  }

  @Test(arguments: [
    (#""""#, ""), (#""a # b""#, "a # b"), (#""\b\t\n\f\r\"\\""#, "\u{8}\t\n\u{c}\r\"\\"),
    (#""\u00e4\U0001F600\uD7FF""#, "ä😀\u{D7FF}"), ("'C:\\n\"'", "C:\\n\""), ("''", ""),
    ("\"ä\t\"", "ä\t"), (#""x" # "y""#, "x"), (#""\u0000""#, "\0"),
  ]) func strings(_ text: String, _ string: String) throws {
    #expect(try value(text) == .string(string))
  }

  @Test(arguments: [
    ("0", 0), ("+7", 7), ("-0", 0), ("1_000", 1000), ("0xDEAD_beef", 0xdead_beef), ("0o17", 15),
    ("0b101", 5), ("-9223372036854775808", Int64.min), ("4294967296", 1 << 32),
  ]) func integers(_ text: String, _ integer: Int64) throws {
    #expect(try value(text) == .integer(integer))
  }

  @Test func booleans() throws {
    #expect(try value("true") == .boolean(true))
    #expect(try value("false#") == .boolean(false))
  }

  /// What is no simple value is read over, with all that it may hold.
  @Test(arguments: [
    ("[]", "an array"), ("[ 1, [\"]\", ']'], # ]\n {a = [\n], b.'c' = \"}\"},\r\n]", "an array"),
    ("{}", "a table"), ("{ a = 1, \"b\" = { c = true } }", "a table"),
    ("\"\"\"a\n x = 1\\\"\"\" \\\n \\\\\"\"\"\"\"", "a string of many lines"),
    ("'''\r\n'' \\'''", "a string of many lines"), ("''''''", "a string of many lines"),
    ("1.5e+3", "1.5e+3"), ("-inf", "-inf"), ("nan", "nan"), ("6.02_2", "6.02_2"),
    ("1979-05-27 07:32:00Z", "1979-05-27 07:32:00Z"), ("1979-05-27 # day", "1979-05-27"),
    ("07:32:00.5", "07:32:00.5"),
  ]) func others(_ text: String, _ words: String) throws {
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") }
    let entries = try parse("x = \(text)\ny = 0")
    #expect(entries.map(\.value) == [.other(words), .integer(0)])
    #expect(entries.last?.line == lines + 2)
  }

  @Test func sectionsAndDottedKeysAreOneEntryEach() throws {
    let entries = try parse(
      """
      a.b = 1
      a . "c" = 2
      [ d . e ]
      a = 3
      [d.f]
      [[ g ]]
      x = [
        1]
      [[g]]
      """)
    #expect(entries.map(\.key) == ["a", "d", "g"])
    #expect(entries.map(\.line) == [1, 3, 6])
    #expect(entries.map(\.value.words) == ["a table", "a section", "a section"])
  }

  @Test(arguments: [
    ("\nx", "line 2: no = after x"), ("x =", "line 1: a value is missing"),
    ("x = 1 2", "line 1: more than one value"), ("x = 1 y = 2", "line 1: more than one value"),
    ("= 1", "line 1: a key is missing"), ("ä = 1", "line 1: a key is missing"),
    ("a. = 1", "line 1: a key is missing"), ("\"\"\"a\"\"\" = 1", "line 1: a key of many lines"),
    ("x = \"a\ny = 1", "line 1: a string without its end"),
    ("x = 'a", "line 1: a string without its end"),
    ("\nx = \"\"\"a\n\"\"", "line 2: a string without its end"),
    ("x = '''\n\n", "line 1: a string without its end"),
    (#"x = "\""#, "line 1: a string without its end"),
    (#"x = "\e""#, "line 1: an unknown escape in a string"),
    (#"x = "\u12""#, "line 1: \\u12\" is no character"),
    (#"x = "\uD800""#, "line 1: \\uD800 is no character"),
    (#"x = "\u+123""#, "line 1: \\u+123 is no character"),
    (#"x = "\U00110000""#, "line 1: \\U00110000 is no character"),
    ("x = \"a\u{7}\"", "line 1: a string without its end"),
    ("x = yes", "line 1: yes is no value"), ("x = True", "line 1: True is no value"),
    ("x = 007", "line 1: 007 is no value"), ("x = 1__0", "line 1: 1__0 is no value"),
    ("x = _1", "line 1: _1 is no value"), ("x = 0x", "line 1: 0x is no value"),
    ("x = -0x1", "line 1: -0x1 is no value"), ("x = 0b2", "line 1: 0b2 is no value"),
    ("x = 9223372036854775808", "line 1: 9223372036854775808 is no value"),
    ("x = [1\n", "line 2: an array without its ]"), ("x = [", "line 1: a value is missing"),
    ("x = [1 2]", "line 1: an array without its ]"),
    ("x = {a = 1", "line 1: a table without its }"), ("x = {a}", "line 1: no = after a"),
    ("x = {a = 1,}", "line 1: a key is missing"),
    ("x = {a = 1\n}", "line 1: a table without its }"),
    ("[a", "line 1: a section without its ]"), ("[[a]", "line 1: a section without its ]"),
    ("[]", "line 1: a key is missing"), ("x = 1\r", "line 1: more than one value"),
    ("x = 1\n\n'x' = 2", "line 3: x stands there twice"),
    ("x = 1\nx.y = 2", "line 2: x stands there twice"),
    ("x = 1\n[x]", "line 2: x stands there twice"),
    ("# \u{7f}", "line 1: a key is missing"),
  ]) func refused(_ text: String, _ why: String) { #expect(words(text) == why) }

  @Test func depthAndEncoding() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(words("x = \(deep)") == "line 1: too many arrays in arrays")
    #expect(throws: RuntimeOptionsError("the table is no UTF-8")) {
      try OptionsTable(parsing: [0x78, 0x3d, 0x22, 0xff, 0x22])
    }
  }

  /// Bad input never traps: every beginning of a text with everything in it, and every byte changed.
  @Test func damagedTables() {
    let text = Array("a.'b' = \"\\u00e4\"\n[x]\r\ny=[{z=1},'''\n''', 1979-05-27 07:00:00]#\n".utf8)
    for index in text.indices {
      _ = try? OptionsTable(parsing: Array(text[..<index]))
      for byte in "\"'[]{}\\\n\r=,.#\0\u{7f}1a".utf8 {
        var damaged = text
        damaged[index] = byte
        _ = try? OptionsTable(parsing: damaged)
      }
    }
  }
}
