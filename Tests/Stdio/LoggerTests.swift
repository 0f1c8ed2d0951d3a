// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Linux
import Testing

@testable import Stdio

/// Loggers: their names, and who may be one. What they do is in Tests/Integration.
@Suite struct LoggerTests {
  @Test(arguments: [
    ("binary:///bin/l", "/bin/l", []),
    ("binary:/bin/l", "/bin/l", []),
    ("binary://host/bin/l", "/bin/l", []),
    ("binary:///bin/l?", "/bin/l", []),
    ("binary:///a%20b/c+d", "/a b/c+d", []),
    ("binary:///l?id=5&foo=bar", "/l", ["id", "5", "foo", "bar"]),
    ("binary:///l?z=1&a=2&z=3", "/l", ["z", "1", "a", "2"]),
    ("binary:///l?flag&empty=&=x&&", "/l", ["flag", "", "empty", "", "", "x"]),
    ("binary:///l?a=b=c&d+e=%26%3d#end", "/l", ["a", "b=c", "d e", "&="]),
    ("binary:///l?bad=%4&half;done=1&good=1", "/l", ["good", "1"]),
    ("binary:///l?%zz=1&%+1=2&n=%00&ö=%C3%B6", "/l", ["ö", "ö"]),
  ])
  func namesThatAreUnderstood(_ name: String, _ path: String, _ arguments: [String]) throws {
    let url = try LoggerURL(name)
    #expect(url.path == path)
    #expect(url.arguments == arguments)
  }

  @Test(arguments: [
    "binary:", "binary://", "binary://host", "binary://?a=b", "binary:bin/l", "file:///a%",
    "file:///%4x",
    "file:///a%00b", "file:///%ff",
  ])
  func namesThatAreRefused(_ name: String) {
    #expect(throws: StdioError.notAPath(name)) { _ = try LoggerURL(name) }
  }

  @Test func whereOutputGoes() throws {
    func output(_ stdout: String, _ stderr: String = "") throws(StdioError) -> StdioPaths.Output {
      try StdioPaths(stdin: "", stdout: stdout, stderr: stderr).output()
    }
    #expect(try output("fifo:///a", "/b") == .paths(stdout: "/a", stderr: "/b"))
    #expect(try output("file:///a", "file:///b") == .file("/a"))
    let url = try LoggerURL("binary:///a")
    #expect(try output("binary:///a", "relative") == .logger(url, mustSayReady: false))
    #expect(try output("binary-v2:///a") == .logger(url, mustSayReady: true))
    #expect(throws: StdioError.unknownScheme("weird")) { _ = try output("weird:///x") }
  }

  @Test func onlyListedOnes() throws {
    let harness = try StdioHarness()
    let list = "\(harness.folder)/file"
    func check(_ path: String) throws(StdioError) {
      if let words = LoggerList.refusal(of: path, by: list) { throw .loggerRefused(words) }
    }
    try check("/bin/any")
    let file = Descriptor(owning: creat(list, 0o644))
    _ = try file.write(Array("# /bin/comment\n\n/bin/logger\n/bin/other\n".utf8).span)
    try check("/bin/logger")
    try check("/bin/other")
    for name in ["/bin/any", "/bin/comment", "/bin/log", "/bin//logger", "# /bin/comment"] {
      #expect(throws: StdioError.loggerRefused("logger \(name) is not in \(list)")) {
        try check(name)
      }
    }
    chmod(list, 0o664)
    #expect(throws: StdioError.self) { try check("/bin/logger") }
    chmod(list, 0o644)
    chown(list, 65534, 0)
    #expect(throws: StdioError.self) { try check("/bin/logger") }
    unlink(list)
    mkdir(list, 0o700)
    #expect(throws: StdioError.self) { try check("/bin/logger") }
    rmdir(list)
  }

  /// In a process of its own, which may reap any child: one that stays a zombie would keep
  /// swift-testing from seeing the end of its own children.
  @Test func oneThatIsNeverReady() async {
    await #expect(processExitsWith: .success) {
      let harness = try StdioHarness()
      let url = try LoggerURL("binary:///bin/sleep?1000=1000")
      let logger = try Logger(harness.hub, .binary(url, mustSayReady: false))
      var answers: [StdioError?] = []
      logger.start(id: "a", within: .milliseconds(20)) { answers.append($0) }
      precondition(answers.isEmpty)
      harness.run { !answers.isEmpty }
      precondition(answers == [.loggerIsLate("/bin/sleep")])
      precondition(harness.children.count == 1)
      harness.run {
        harness.children.reap()
        return harness.children.count == 0
      }
    }
  }
}
