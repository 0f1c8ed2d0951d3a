// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// The executable, as `make install` leaves it.
struct BinarySize: Benchmark {
  static let name = "binary-size"

  func run(_ scale: Scale) throws -> [Row] {
    let stock = try FileManager.default.attributesOfItem(atPath: Shim.stock.program)
    return [
      Row(
        name: "executable, stripped", unit: "MB",
        ours: Double(try ShimBinary.strippedSize()) / 1_000_000,
        stock: (stock[.size] as? Double ?? .nan) / 1_000_000, goals: [.atMost(18.1)])
    ]
  }
}
