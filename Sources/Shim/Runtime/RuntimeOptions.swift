// SPDX-License-Identifier: Apache-2.0

/// How to call the OCI runtime: what a client, or containerd's configuration, has set.
package struct RuntimeOptions: Equatable, Sendable {
  /// Name or path of the runtime.
  package var binaryName = "runc"
  /// Where the runtime keeps its state; containerd's namespace is appended to it.
  package var root = "/run/containerd/runc"
  package var systemdCgroup = false
  package var noPivotRoot = false
  package var noNewKeyring = false
  /// The cgroup of the shim itself; empty: whichever it is started in.
  package var shimCgroup = ""
  /// Owner of the container's ends of its pipes.
  package var ioUID: UInt32 = 0
  package var ioGID: UInt32 = 0
  /// Empty: the runtime looks for criu itself.
  package var criuPath = ""
  /// Empty: the folder `work` of the bundle.
  package var criuWorkPath = ""

  package init() {}

  /// An empty name is one that was not set, here and in `root`.
  package mutating func setBinaryName(_ name: String) { if !name.isEmpty { binaryName = name } }
  package mutating func setRoot(_ path: String) { if !path.isEmpty { root = path } }

  /// They become arguments and paths, which end at a NUL.
  package var holdsNUL: Bool {
    [binaryName, root, shimCgroup, criuPath, criuWorkPath].contains { $0.contains("\0") }
  }
}

/// Why options were refused, in one sentence.
package struct RuntimeOptionsError: Error, Equatable {
  package let words: String
  package init(_ words: String) { self.words = words }
}

extension RuntimeOptions {
  /// The table of a runtime in CRI's configuration, whose keys are containerd's own (TOML).
  ///
  /// - Parameter warnings: gets what has no meaning here.
  package init(table text: [UInt8], warnings: inout [String]) throws(RuntimeOptionsError) {
    self.init()
    for entry in try OptionsTable(parsing: text).entries {
      switch entry.key {
      case "BinaryName": setBinaryName(try entry.string())
      case "Root": setRoot(try entry.string())
      case "SystemdCgroup": systemdCgroup = try entry.boolean()
      case "NoPivotRoot": noPivotRoot = try entry.boolean()
      case "NoNewKeyring": noNewKeyring = try entry.boolean()
      case "ShimCgroup": shimCgroup = try entry.string()
      case "IoUid": ioUID = try entry.id()
      case "IoGid": ioGID = try entry.id()
      case "CriuPath": criuPath = try entry.string()
      case "CriuWorkPath": criuWorkPath = try entry.string()
      case "CriuImagePath": _ = try entry.string()  // for containerd's client only
      default: warnings.append("line \(entry.line): \(entry.key) is no option of this runtime")
      }
    }
  }
}

extension OptionsTable.Entry {
  fileprivate func string() throws(RuntimeOptionsError) -> String {
    guard case .string(let string) = value else { throw wrong("a string") }
    return string
  }

  fileprivate func boolean() throws(RuntimeOptionsError) -> Bool {
    guard case .boolean(let boolean) = value else { throw wrong("true or false") }
    return boolean
  }

  /// Of a user or group.
  fileprivate func id() throws(RuntimeOptionsError) -> UInt32 {
    guard case .integer(let integer) = value else { throw wrong("an integer") }
    guard let id = UInt32(exactly: integer) else { throw wrong("an id") }
    return id
  }

  private func wrong(_ wanted: String) -> RuntimeOptionsError {
    RuntimeOptionsError("line \(line): \(key) is to be \(wanted), not \(value.words)")
  }
}
