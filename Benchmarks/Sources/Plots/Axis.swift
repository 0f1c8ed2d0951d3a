// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where values lie between the two ends of an axis.
struct Axis {
  enum Kind {
    /// From 0 on.
    case linear
    case logarithmic
    /// Thousandths, the last of which count: 900, 990 and 999 are equally far apart.
    case nines
  }

  let label: String
  let kind: Kind
  private let low: Double
  private let high: Double

  init(_ label: String, _ kind: Kind, _ values: [Double]) {
    self.label = label
    self.kind = kind
    let places = values.map { Self.place($0, kind) }.filter(\.isFinite)
    let least = places.min() ?? 0
    let most = places.max() ?? 1
    switch kind {
    case .linear: (low, high) = (0, most * 1.05)
    case .logarithmic: (low, high) = (least.rounded(.down), most.rounded(.up))
    case .nines: (low, high) = (0, most)
    }
  }

  /// 0 at the low end, 1 at the high one.
  func share(_ value: Double) -> Double {
    high > low ? (Self.place(value, kind) - low) / (high - low) : 0
  }

  private static func place(_ value: Double, _ kind: Kind) -> Double {
    switch kind {
    case .linear: value
    case .logarithmic: log10(value)
    case .nines: -log10(1 - value / 1000)
    }
  }

  /// Round values on it.
  var ticks: [Double] {
    switch kind {
    case .linear:
      let step = Self.roundStep(high / 6)
      return Array(stride(from: 0, through: high, by: step))
    case .logarithmic: return (Int(low)...Int(high)).map { pow(10, Double($0)) }
    case .nines: return [0, 500, 900, 990, 999].filter { Self.place($0, kind) <= high + 0.01 }
    }
  }

  /// 1, 2 or 5 times a power of ten.
  private static func roundStep(_ least: Double) -> Double {
    guard least > 0 else { return 1 }
    let power = pow(10, log10(least).rounded(.down))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= least } ?? power
  }

  func name(_ tick: Double) -> String {
    switch kind {
    case .nines: "\(figure(tick / 10)) %"
    default: figure(tick)
    }
  }
}
