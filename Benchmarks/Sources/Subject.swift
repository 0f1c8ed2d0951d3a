// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Whose figure: a shim's, or that of a C program that does only this job.
enum Subject: String, CaseIterable {
  case ours
  case stock
  case limit

  /// Nil for the limit.
  var shim: Shim? { Shim(rawValue: rawValue) }

  static let shims = Shim.allCases.map(Subject.init)

  init(_ shim: Shim) { self = shim == .ours ? .ours : .stock }
}

extension Array {
  /// Each in turn, `rounds` times. Whose turn is first changes, so that a drift favours nobody.
  func alternate(_ rounds: Int, _ body: (Element, Int) throws -> Void) rethrows {
    for round in 0..<rounds {
      for place in indices { try body(self[(place + round) % count], round) }
    }
  }
}

/// The figures of one row, as they come.
struct Series {
  private var figures: [Subject: [Double]] = [:]

  mutating func add(_ figure: Double, of subject: Subject) {
    figures[subject, default: []].append(figure)
  }

  mutating func add(_ figure: Double, of shim: Shim) { add(figure, of: Subject(shim)) }

  func all(of subject: Subject) -> [Double] { figures[subject] ?? [] }

  /// The medians, or another quantile.
  func row(_ name: String, _ unit: String, at share: Double = 0.5, _ goals: Goal...) -> Row {
    let quantiles = figures.mapValues { $0.quantile(share) }
    return Row(
      name: name, unit: unit, ours: quantiles[.ours] ?? .nan, stock: quantiles[.stock],
      limit: quantiles[.limit], goals: goals)
  }
}

/// The C programs that run.sh has compiled.
enum LimitProgram {
  static func path(_ name: String) throws -> String {
    let path = "\(ShimBinary.root)/.build/bench/bin/\(name)"
    guard access(path, X_OK) == 0 else { throw TestFailure("no \(path): use Benchmarks/run.sh") }
    return path
  }
}
