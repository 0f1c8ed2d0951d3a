// SPDX-License-Identifier: Apache-2.0

/// What is measured of both shims, in pairs that alternate, in one run.
protocol Benchmark {
  /// A word, for the command line.
  static var name: String { get }

  init()

  /// - Parameter scale: how much is done.
  /// - Returns: the lines of the table.
  func run(_ scale: Scale) throws -> [Row]
}

/// Whose shim.
enum Shim: String, CaseIterable {
  case ours
  case stock

  /// As containerd names the runtime.
  var runtime: String {
    switch self {
    case .ours: "io.containerd.swift.v2"
    case .stock: "io.containerd.runc.v2"
    }
  }
}

/// All, or as much as goes into two minutes.
enum Scale: String {
  case full
  case quick

  func pick(_ all: Int, quick few: Int) -> Int { self == .full ? all : few }
}

extension Collection<Double> {
  /// The value below which a share of all lies (0.5: the median).
  func quantile(_ share: Double) -> Double {
    let sorted = sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  var median: Double { quantile(0.5) }
}
