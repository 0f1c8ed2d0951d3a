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

  /// The paths to open, once it is known that each can be.
  ///
  /// As in containerd's shims the scheme stands in stdout only; `fifo://` is a plain path.
  package func resolved() throws(StdioError) -> StdioPaths {
    switch try Self.scheme(of: stdout) {
    case nil: break
    case "fifo"?: break
    case "binary"?, "binary-v2"?, "file"?:
      throw .notBuilt("loggers are not built yet: \(stdout)")
    case let other?: throw .unknownScheme(other)
    }
    return StdioPaths(
      stdin: try Self.path(stdin), stdout: try Self.path(stdout), stderr: try Self.path(stderr))
  }

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
