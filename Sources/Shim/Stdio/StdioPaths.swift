// SPDX-License-Identifier: Apache-2.0

/// The three streams of a process as the client names them; an empty name is /dev/null.
package struct StdioPaths: Equatable, Sendable {
  package var stdin: String
  package var stdout: String
  package var stderr: String

  package init(stdin: String, stdout: String, stderr: String) {
    self.stdin = stdin
    self.stdout = stdout
    self.stderr = stderr
  }

  /// Where output goes. As in containerd's shims the scheme stands in stdout only; `fifo://` is a plain
  /// path.
  enum Output: Equatable, Sendable {
    case paths(stdout: String, stderr: String)
    /// One file for both.
    case file(String)
    case logger(LoggerURL, mustSayReady: Bool)
  }

  func output() throws(StdioError) -> Output {
    switch try Self.scheme(of: stdout) {
    case nil, "fifo"?:
      .paths(stdout: try Self.path(stdout), stderr: try Self.path(stderr))
    case "file"?: .file(try LoggerURL(stdout).path)
    case "binary"?: .logger(try LoggerURL(stdout), mustSayReady: false)
    case "binary-v2"?: .logger(try LoggerURL(stdout), mustSayReady: true)
    case let other?: throw .unknownScheme(other)
    }
  }

  func input() throws(StdioError) -> String { try Self.path(stdin) }

  private static func scheme(of name: String) throws(StdioError) -> String? {
    guard !name.hasPrefix("/"), let end = name.firstIndex(of: ":") else { return nil }
    return String(name[..<end])
  }

  private static func path(_ name: String) throws(StdioError) -> String {
    let prefix = "fifo://"
    let path = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    guard path.isEmpty || path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw .notAPath(name)
    }
    return path
  }
}
