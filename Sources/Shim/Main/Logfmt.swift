// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import TaskService

/// Lines as containerd's own log has them: `time="…" level=info msg="…" key=value`.
enum Logfmt {
  static func line(
    _ level: Log.Level, _ message: String, _ fields: [Log.Field]
  ) -> String {
    var line = "time=\"\(WallClock.rfc3339)\" level=\(level.rawValue) msg=\(quoted(message))"
    for (key, value) in fields { line += " \(key)=\(quoted(value))" }
    return line
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
