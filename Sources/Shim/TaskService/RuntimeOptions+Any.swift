// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import Linux
package import Runtime
package import SwiftProtobuf

internal import struct SystemPackage.Errno

extension RuntimeOptions {
  /// CRI's own tables have ten lines (bytes).
  private static let fileLimit = 64 * 1024

  /// The options that come with `start`, `-info` and Create. What they are says the type's name
  /// alone: the bytes of one type parse as another, and mean something else there.
  ///
  /// May read a small file, whose path the options name.
  ///
  /// - Parameter warnings: gets what has no meaning here, for the log.
  package init(
    decoding any: Google_Protobuf_Any?, warnings: inout [String]
  ) throws(RuntimeOptionsError) {
    self.init()
    guard let any, any != Google_Protobuf_Any() else { return }
    let type = any.messageName
    switch type {
    case "containerd.runc.v1.Options":
      set(try Self.message(any, RuncOptions.self))
    case "containerd.linux.runc.CreateOptions":  // clients of containerd 1.6
      set(try Self.message(any, LegacyCreateOptions.self))
    case "runtimeoptions.v1.Options", "cri.runtimeoptions.v1.Options":  // CRI, and ctr; up to 1.4
      try set(try Self.message(any, CRIOptions.self), type, &warnings)
    default:
      throw RuntimeOptionsError("runtime options are of the unknown type \(any.typeURL)")
    }
    if holdsNUL { throw RuntimeOptionsError("\(type): a value holds a NUL") }
  }

  private static func message<M: Message>(
    _ any: Google_Protobuf_Any, _: M.Type
  ) throws(RuntimeOptionsError) -> M {
    guard let message = try? M(serializedBytes: any.value) else {
      throw RuntimeOptionsError("runtime options are no \(any.messageName)")
    }
    return message
  }

  private mutating func set(_ message: RuncOptions) {
    setBinaryName(message.binaryName)
    setRoot(message.root)
    systemdCgroup = message.systemdCgroup
    noPivotRoot = message.noPivotRoot
    noNewKeyring = message.noNewKeyring
    shimCgroup = message.shimCgroup
    ioUID = message.ioUid
    ioGID = message.ioGid
    criuPath = message.criuPath
    criuWorkPath = message.criuWorkPath
  }

  private mutating func set(_ message: LegacyCreateOptions) {
    noPivotRoot = message.noPivotRoot
    noNewKeyring = message.noNewKeyring
    shimCgroup = message.shimCgroup
    ioUID = message.ioUid
    ioGID = message.ioGid
    criuWorkPath = message.criuWorkPath
  }

  /// The table itself, or the path of a file with it.
  private mutating func set(
    _ message: CRIOptions, _ type: String, _ warnings: inout [String]
  ) throws(RuntimeOptionsError) {
    let isBody = !message.configBody.isEmpty
    guard isBody || !message.configPath.isEmpty else { return }
    let source = isBody ? type : message.configPath
    let table = isBody ? Array(message.configBody) : try Self.read(message.configPath)
    var words: [String] = []
    do throws(RuntimeOptionsError) {
      self = try RuntimeOptions(table: table, warnings: &words)
    } catch {
      throw RuntimeOptionsError("\(source): \(error.words)")
    }
    warnings += words.map { "\(source): \($0)" }
  }

  private static func read(_ path: String) throws(RuntimeOptionsError) -> [UInt8] {
    guard path.hasPrefix("/"), !path.contains("\0") else {
      throw RuntimeOptionsError("config_path \(path) is no absolute path")
    }
    do throws(Errno) {
      return try RegularFile.read(path, limit: fileLimit)
    } catch .invalidArgument {
      throw RuntimeOptionsError("config_path \(path) is no regular file")
    } catch {
      throw RuntimeOptionsError("config_path \(path): \(error)")
    }
  }
}

extension TaskError {
  package init(_ error: RuntimeOptionsError) { self = .invalid(error.words) }
}
