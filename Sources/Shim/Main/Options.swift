// SPDX-License-Identifier: Apache-2.0

internal import Linux
internal import TaskService

/// The command line, in the syntax of Go's flag package, which containerd writes: one or two dashes,
/// `-name value` or `-name=value`, nothing for a switch; the first other word is the action and
/// ends the flags.
struct Options: Equatable {
  enum Action: Equatable { case serve, start, delete }

  enum Failure: Error, Equatable {
    case unknownFlag(String)
    case missingValue(String)
    case noSwitch(String, value: String)
    case unknownAction(String)
  }

  var action = Action.serve
  var debug = false
  var printsVersion = false
  var printsInfo = false
  var namespace = ""
  var id = ""
  /// Where to listen, for a daemon that is given no listening socket.
  var socket = ""
  var bundle = ""
  /// containerd's GRPC address.
  var address = ""
  /// containerd's executable: accepted and not used, as by containerd's own shims.
  var publishBinary = ""

  init(parsing arguments: [String]) throws(Failure) {
    var rest = arguments[...]
    while let word = rest.first, word.hasPrefix("-"), word != "-" {
      rest.removeFirst()
      if word == "--" { break }
      let flag = word.drop { $0 == "-" }.split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = flag.first.map(String.init) ?? ""
      guard word.prefix(while: { $0 == "-" }).count <= 2, !name.isEmpty else {
        throw .unknownFlag(word)
      }
      var value = flag.count == 2 ? String(flag[1]) : nil
      if Self.switches.contains(name) {
        guard let on = Self.truth(value ?? "true") else {
          throw .noSwitch(name, value: value ?? "")
        }
        set(name, on)
      } else if Self.values.contains(name) {
        if value == nil { value = rest.popFirst() }
        guard let value else { throw .missingValue(name) }
        set(name, value)
      } else {
        throw .unknownFlag(word)
      }
    }
    switch rest.first {
    case nil: action = .serve
    case "start"?: action = .start
    case "delete"?: action = .delete
    case let other?: throw .unknownAction(other)
    }
  }

  // No key paths: their classes would cost each daemon pages of metadata.
  private static let switches = ["debug", "v", "version", "info"]
  private static let values = [
    "namespace", "id", "socket", "bundle", "address", "publish-binary",
  ]

  private mutating func set(_ name: String, _ on: Bool) {
    switch name {
    case "debug": debug = on
    case "info": printsInfo = on
    default: printsVersion = on
    }
  }

  private mutating func set(_ name: String, _ value: String) {
    switch name {
    case "namespace": namespace = value
    case "id": id = value
    case "socket": socket = value
    case "bundle": bundle = value
    case "address": address = value
    default: publishBinary = value
    }
  }

  /// What Go's strconv.ParseBool takes.
  private static func truth(_ word: String) -> Bool? {
    switch word {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
  }

  /// Ids become names of files and sockets: nothing is touched before they are known to be harmless.
  func check() throws(CommandFailure) {
    if namespace.isEmpty { throw CommandFailure("shim namespace cannot be empty") }
    for (flag, value) in [("namespace", namespace), ("id", id)] {
      guard Identifier.isValid(value) else {
        throw CommandFailure("-\(flag): \"\(value)\" is no identifier")
      }
    }
    for (flag, value) in [("bundle", bundle), ("socket", socket)] {
      guard value.isEmpty || value.hasPrefix("/") else {
        throw CommandFailure("-\(flag): \"\(value)\" is no absolute path")
      }
    }
  }

  static func usage(_ program: String) -> String {
    """
    Usage: \(program) -namespace NS -id ID [flags] start | delete
           \(program) -info | -v
    Flags: -address GRPC  -bundle DIR  -debug  -publish-binary FILE  -socket PATH
    See containerd-shim-swift-v2(8).

    """
  }
}

extension Options.Failure {
  var words: String {
    switch self {
    case .unknownFlag(let flag): "flag provided but not defined: \(flag)"
    case .missingValue(let name): "flag needs an argument: -\(name)"
    case .noSwitch(let name, let value): "invalid boolean value \"\(value)\" for -\(name)"
    case .unknownAction(let word): "unknown action \(word)"
    }
  }
}
