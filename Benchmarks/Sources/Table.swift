// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// All rows, as they are printed and kept.
struct Table {
  var rows: [Row] = []

  private static let names = ["what", "ours", "stock", "limit", "ratio", "goal", ""]

  private var cells: [[String]] {
    rows.map { row in
      let unit = row.unit.isEmpty ? "" : " \(row.unit)"
      return [
        row.name, figure(row.ours) + unit, row.stock.map { figure($0) + unit } ?? "",
        row.limit.map { figure($0) + unit } ?? "", row.ratio.map(figure) ?? "",
        row.goals.map(\.description).joined(separator: ", "), row.isMet ? "✓" : "✗",
      ]
    }
  }

  /// With its columns in line.
  var text: String {
    let lines = [Self.names] + cells
    let widths = Self.names.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// For the documentation, with the machine and the versions.
  func record() throws {
    let lines = [Self.names, Self.names.map { _ in "---" }] + cells
    let table = lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    try Files.makeFolder(RawFigures.folder)
    try "\(try Machine.description)\n\n\(table)\n".write(
      toFile: "\(RawFigures.folder)/table.md", atomically: true, encoding: .utf8)
  }
}
