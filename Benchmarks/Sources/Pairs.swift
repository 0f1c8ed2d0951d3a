// SPDX-License-Identifier: Apache-2.0

/// Figures of both shims, taken in turns.
struct Pairs {
  private var figures: [Shim: [Double]] = [:]

  mutating func add(_ figure: Double, of shim: Shim) { figures[shim, default: []].append(figure) }

  func median(_ shim: Shim) -> Double { (figures[shim] ?? []).median }

  /// A line with both medians.
  func row(_ name: String, unit: String, limit: Double? = nil, goals: [Goal]) -> Row {
    Row(
      name: name, unit: unit, ours: median(.ours), stock: median(.stock), limit: limit, goals: goals
    )
  }

  /// Both in each pair, and the other one first in the next.
  static func each(_ count: Int, _ body: (Int, Shim) throws -> Void) rethrows {
    for number in 0..<count {
      let order = number % 2 == 0 ? Shim.allCases : Shim.allCases.reversed()
      for shim in order { try body(number, shim) }
    }
  }
}
