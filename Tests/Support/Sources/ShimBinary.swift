// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The release that `make all` has built: the tests run what is shipped.
package enum ShimBinary {
  package static let sample = "containerd-shim-sample-v2"
  package static let oci = "containerd-shim-swift-v2"

  /// The package's root folder.
  package static let root: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }  // Tests/Support/Sources/ShimBinary.swift
    return url.path
  }()

  /// Where the shims are; the variable SHIM_DIRECTORY names another place.
  package static func folder() throws -> String {
    let folder =
      ProcessInfo.processInfo.environment["SHIM_DIRECTORY"] ?? "\(root)/.build/static/release"
    guard access("\(folder)/\(sample)", X_OK) == 0 else {
      throw TestFailure("\(folder)/\(sample) is missing: run `make all`, or set SHIM_DIRECTORY")
    }
    return folder
  }

  /// What `swift build` has built beside the tests: it honours failpoints.
  package static let debug = "\(root)/.build/debug/\(oci)"

  /// - Parameter name: a shim's, or a path.
  package static func path(_ name: String = sample) throws -> String {
    name.hasPrefix("/") ? name : "\(try folder())/\(name)"
  }

  /// Of the executable as `make install` leaves it (bytes).
  package static func strippedSize() throws -> Int {
    let folder = try TemporaryFolder()
    let copy = "\(folder.path)/shim"
    try run("strip", "-o", copy, path()).expectSuccess()
    return try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int ?? .max
  }
}
