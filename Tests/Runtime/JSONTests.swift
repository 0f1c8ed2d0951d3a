// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

/// JSON at its edges, which Go's encoding/json takes: that is how containerd and runc read it.
@Suite struct JSONTests {
  private func document(_ text: String) throws -> JSONDocument { try document(Array(text.utf8)) }
  private func document(_ text: [UInt8]) throws -> JSONDocument {
    try JSONDocument(text, of: "config.json")
  }

  private func spec(_ text: String, terminal: Bool = true) throws -> String {
    String(decoding: try ExecRequest.spec(Array(text.utf8), terminal: terminal), as: UTF8.self)
  }

  private static let deep = String(repeating: "[", count: 10_000)
  private static let shallow = String(repeating: "]", count: 10_000)

  static let values = [
    "18446744073709551615", "9223372036854775808", "-0", "0", "1e400", "-1E-400", "0.10e+5",
    String(repeating: "9", count: 100), #""\ud800""#, #""\udc00\ud800x""#, #""\u0000""#,
    #""\/\b\f""#,
    "\"\u{7f}\"", "[]", "{}", "[ ]", "{\t}", "null", "true", "[1, {\"a\" : [ ]\n}\r]",
    "\(deep.dropLast())\(shallow.dropLast())",
  ]

  @Test(arguments: values) func aValueStaysAsItIs(value: String) throws {
    #expect(
      try spec(#"{"terminal": false,"x": \#(value)} "#) == #"{"terminal": true,"x": \#(value)} "#)
    #expect(try spec(#"{ "x":\#(value) }"#) == #"{ "x":\#(value) ,"terminal":true}"#)
  }

  @Test(arguments: [
    "", "{", "}", "[", "{]", "[}", "[1", "[1,]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
    "{a:1}",
    "01", "+1", "1.", ".5", "1e", "-", "0x1", "tru", "truth", "nulL", "\"", #""\x""#, #""\u12g4""#,
    "\"\n\"", "\u{FEFF}{}", "{} {}", "\(deep)[]\(shallow)", "\u{b}1",
  ]) func othersAreRefused(text: String) {
    #expect(throws: BundleError.self) { try document(text) }
  }

  /// Those who read it next may take the first, the last, or the one in small letters.
  @Test func everyWordOnTheTerminalIsSet() throws {
    #expect(try spec("{}") == #"{"terminal":true}"#)
    #expect(
      try spec(#"{"terminal":1,"a":{"terminal":null},"terminal":"x"}"#)
        == #"{"terminal":true,"a":{"terminal":null},"terminal":true}"#)
    #expect(
      try spec(#"{"Terminal":true,"TERMINAL" : [{}]}"#, terminal: false)
        == #"{"Terminal":false,"TERMINAL" : false,"terminal":false}"#)
    #expect(
      try spec(#"{"term\u0069nal":false,"args":["\"terminal\":"]}"#)
        == #"{"term\u0069nal":true,"args":["\"terminal\":"]}"#)
  }

  @Test(arguments: ["[]", "null", "1", "\"{}\""]) func aSpecIsAnObject(text: String) {
    #expect(throws: RuntimeError.failed("not a JSON object")) { try spec(text) }
  }

  @Test func bytesThatAreNoUTF8() throws {
    let text = Array(#"{"annotations":{"a":""#.utf8) + [0xff] + Array(#"b"}}"#.utf8)
    #expect(try document(text).annotations == ["a": "\u{FFFD}b"])
    let spec = Array(#"{"cwd":""#.utf8) + [0xc0, 0xaf] + Array(#"","terminal":true}"#.utf8)
    #expect(try ExecRequest.spec(spec, terminal: true) == spec)
  }

  @Test func escapes() throws {
    let document = try document(
      #"{"a":"\"\\\/\b\f\n\r\t\u00e4\u20ac\ud83d\ude00\ud83d.\ude00\u0000"}"#)
    #expect(document.string("a") == "\"\\/\u{8}\u{c}\n\r\tä€😀\u{FFFD}.\u{FFFD}\0")
    let words = "\"\\\u{1}\n/ä😀\u{7f}"
    let written = JSONDocument.object([("k\"", words), ("l", "")])
    #expect(try self.document(written).string("k\"") == words)
    #expect(written.hasSuffix(#","l":""}"#))
  }

  @Test func membersAsGoFindsThem() throws {
    let document = try document(
      #"""
      {"Linux": {"cgroupsPath": "/a"}, "x": {"linux": 7}, "linux": {"NAMESPACES": [
        {"type": "mount"}, {"path": "", "type": "pid"}]}, "annotations": {"k": "1", "K": "2", "n": 3},
        "annotations": {"k": "4"}, "process": {"uid": 5}}
      """#)
    #expect(document.string("linux", "cgroupsPath") == "/a")
    #expect(document.hasOwnNamespace("pid"))
    #expect(document.annotations == ["k": "4", "K": "2"])
    #expect(document.integer("process", "uid", default: 0) == 5)
    #expect(document.integer("process", "gid", default: 9) == 9)
    #expect(document.string("x", "linux") == nil && document.string("cgroupsPath") == nil)
  }

  @Test(arguments: [
    #"{"linux":{"namespaces":[{"type":"pid","path":"/proc/1/ns/pid"}]}}"#,
    #"{"linux":{"namespaces":[{"type":"ipc"}]}}"#, #"{"linux":[]}"#, "[]", "{}",
  ]) func noPIDsOfItsOwn(spec: String) throws {
    #expect(try !document(spec).hasOwnNamespace("pid"))
  }
}
