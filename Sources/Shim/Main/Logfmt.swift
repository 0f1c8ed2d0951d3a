// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import Logging

/// Lines as containerd's own log has them: `time="…" level=info msg="…" key=value`.
enum Logfmt {
  static func line(
    _ level: Logger.Level, _ message: String, _ fields: [(key: String, value: String)]
  ) -> String {
    var line = "time=\"\(WallClock.rfc3339)\" level=\(name(level)) msg=\(quoted(message))"
    for (key, value) in fields { line += " \(key)=\(quoted(value))" }
    return line
  }

  /// logrus's names, which containerd's readers know.
  private static func name(_ level: Logger.Level) -> String {
    switch level {
    case .trace: "trace"
    case .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warning"
    case .error: "error"
    case .critical: "fatal"
    }
  }

  /// A value stands bare if it is letters, digits and harmless signs; no byte can begin a new line.
  static func quoted(_ value: String) -> String {
    let bare = value.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "-._/@^+:".utf8.contains(byte)
      }
    }
    if bare && !value.isEmpty { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case _ where scalar.value < 32 || scalar.value == 127: text += "?"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

/// swift-log's interface to the sink.
struct LogfmtHandler: LogHandler {
  let sink: LogSink
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    sink.write(Logfmt.line(event.level, "\(event.message)", fields))
  }
}
