// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
internal import SwiftProtobuf

/// The containerds that differ in how they treat a shim, each with its rules as data.
package enum ContainerdVersion: String, CaseIterable, CustomStringConvertible, Sendable {
  case v16 = "1.6"
  case v17 = "1.7"
  /// 2.0 to 2.2.
  case v20 = "2.2"
  /// 2.3 and 2.4.
  case v23 = "2.4"

  package var description: String { "containerd \(rawValue)" }

  /// Their names sort by age.
  private func isAtLeast(_ other: Self) -> Bool { rawValue >= other.rawValue }

  /// Runs `-info` before the first Create of a runtime (`loadShimInfo`; for introspection since 2.0).
  package var asksForInfo: Bool { isAtLeast(.v20) }
  /// Passes -debug to `delete`, too.
  var debugsDelete: Bool { isAtLeast(.v17) }
  /// Writes BootstrapParams to `start`; before, the options alone.
  var writesBootstrapParams: Bool { isAtLeast(.v23) }
  /// The highest version of a shim that it takes in JSON, a form that is not known before 1.7.
  private var highestShimVersion: Int32 { isAtLeast(.v20) ? 3 : isAtLeast(.v17) ? 2 : 0 }
  /// Keeps the answer of `start` in bootstrap.json; before, it relies on the shim's file `address`.
  package var keepsBootstrap: Bool { isAtLeast(.v20) }
  /// Takes a shim without pids for a leaked one when it loads it again.
  package var asksForPids: Bool { isAtLeast(.v17) }

  /// What it adds to its own environment (`client.Command`).
  func environment(of address: String, events: String, namespace: String) -> [String: String] {
    var variables = ["TTRPC_ADDRESS": events, "GOMAXPROCS": "2"]
    if isAtLeast(.v17) {
      variables["GRPC_ADDRESS"] = address
      variables["NAMESPACE"] = namespace
      variables["MAX_SHIM_VERSION"] = "2"  // even where 3 is accepted
    }
    return variables
  }
}

/// What `start` answers.
extension ContainerdVersion {
  /// Reads what `start` has printed on standard output and error, which are one pipe.
  package func parseAnswer(_ output: [UInt8]) throws -> BootstrapResult {
    // Before all others and on the raw bytes; the version is not checked on this path.
    if isAtLeast(.v23), let result = try? BootstrapResult(serializedBytes: output) {
      guard result.protocol == "ttrpc" else {
        throw TestFailure("unexpected protocol: \"\(result.protocol)\"")
      }
      return result
    }
    if highestShimVersion > 0, let result = try? BootstrapResult(json: output) {
      guard result.version <= highestShimVersion else {
        throw TestFailure("unsupported shim version (\(result.version)): not implemented")
      }
      return result
    }
    let text = String(decoding: output, as: UTF8.self)
    return .plain(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}

extension BootstrapResult {
  /// What an address alone means.
  static func plain(_ address: String) -> Self {
    .with {
      $0.version = 2
      $0.address = address
      $0.protocol = "ttrpc"
    }
  }

  /// The form of 1.7 and later, which is also that of bootstrap.json.
  private struct JSON: Codable {
    var version: Int32
    var address: String
    var `protocol`: String
  }

  /// Fails for all that has no version of 2 or more: then it is a plain address.
  package init(json: [UInt8]) throws {
    let value = try JSONDecoder().decode(JSON.self, from: Data(json))
    guard value.version >= 2 else { throw TestFailure("version \(value.version)") }
    self.init()
    version = value.version
    address = value.address
    `protocol` = value.protocol.lowercased()
  }

  package var json: String {
    get throws {
      let value = JSON(version: version, address: address, protocol: `protocol`)
      return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
  }
}
