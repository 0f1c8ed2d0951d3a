// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// The executable, as `make install` leaves it.
struct BinarySize: Benchmark {
  static let name = "binary-size"

  func run(_ scale: Scale) throws -> [Row] {
    let folder = try TemporaryFolder()
    let copy = "\(folder.path)/shim"
    try Support.run("strip", "-o", copy, Shim.ours.program).expectSuccess()
    return [
      Row(
        name: "executable, stripped", unit: "MB", ours: try Self.size(copy),
        stock: try Self.size(Shim.stock.program), goals: [.atMost(18)])
    ]
  }

  private static func size(_ file: String) throws -> Double {
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    return (attributes[.size] as? Double ?? .nan) / 1_000_000
  }
}
