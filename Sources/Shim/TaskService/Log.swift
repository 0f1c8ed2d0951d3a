// SPDX-License-Identifier: Apache-2.0

/// Where the shim tells what it does: lines of a message and fields. Two levels are chosen from, with
/// debug lines or without, as containerd's `-debug` does.
package struct Log {
  /// Names as logrus writes them, which readers of containerd's log know.
  package enum Level: String, Sendable { case debug, info, warning, error, fatal }
  package typealias Field = (key: String, value: String)

  private let isDebugging: Bool
  private let sink: (Level, String, [Field]) -> Void

  package init(debug: Bool, to sink: @escaping (Level, String, [Field]) -> Void) {
    isDebugging = debug
    self.sink = sink
  }

  package func debug(_ message: String, _ fields: Field...) { write(.debug, message, fields) }
  package func info(_ message: String, _ fields: Field...) { write(.info, message, fields) }
  package func error(_ message: String, _ fields: Field...) { write(.error, message, fields) }

  package func write(_ level: Level, _ message: String, _ fields: [Field]) {
    if level != .debug || isDebugging { sink(level, message, fields) }
  }
}
