// SPDX-License-Identifier: Apache-2.0

/// A line of the table: one figure of both shims and what it has to be.
struct Row {
  let name: String
  /// Of the figures, such as `kB` or `ms`; empty for a bare number.
  let unit: String
  let ours: Double
  /// Of containerd's own shim; nil where only ours is looked at.
  var stock: Double?
  /// Of a small C program that does only this job.
  var limit: Double?
  let goals: [Goal]

  var ratio: Double? { stock.map { ours / $0 } }
  var isMet: Bool { goals.allSatisfy { $0.isMet(by: self) } }
}

enum Goal: CustomStringConvertible {
  case atMost(Double)
  case ratioAtMost(Double)
  case ratioAtLeast(Double)
  /// Of the C program's figure.
  case limitAtLeast(Double)
  case atMostLimit(Double)

  func isMet(by row: Row) -> Bool {
    switch self {
    case .atMost(let most): row.ours <= most
    case .ratioAtMost(let most): row.ratio.map { $0 <= most } ?? false
    case .ratioAtLeast(let least): row.ratio.map { $0 >= least } ?? false
    case .limitAtLeast(let least): row.limit.map { row.ours >= least * $0 } ?? false
    case .atMostLimit(let most): row.limit.map { row.ours <= most * $0 } ?? false
    }
  }

  var description: String {
    switch self {
    case .atMost(let most): "≤ \(figure(most))"
    case .ratioAtMost(let most): "≤ \(figure(most)) of stock"
    case .ratioAtLeast(let least): "≥ \(figure(least)) of stock"
    case .limitAtLeast(let least): "≥ \(figure(least)) of the limit"
    case .atMostLimit(let most): "≤ \(figure(most)) of the limit"
    }
  }
}

/// Three digits that count.
func figure(_ value: Double) -> String {
  switch abs(value) {
  case 0: "0"
  case 100...: String(Int(value.rounded()))
  case 10..<100: decimal(value, 1)
  case 1..<10: decimal(value, 2)
  default: decimal(value, 3)
  }
}

private func decimal(_ value: Double, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let text = String((value * scale).rounded() / scale)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
