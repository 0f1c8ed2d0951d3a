// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// The figures behind the rows and plots, kept as `NAME.tsv`: in Documentation/benchmarks those of a
/// whole run, which are the ones that are plotted; others below .build.
struct RawFigures {
  static let folder =
    "\(ShimBinary.root)/\(RunOptions.isWhole ? "Documentation/benchmarks" : ".build/bench/figures")"

  private var lines: [String]

  /// - Parameter columns: their names, with units where they have some, such as `RssAnon (kB)`.
  init(columns: [String]) { lines = [columns.joined(separator: "\t")] }

  mutating func add(_ values: Any...) {
    lines.append(values.map { "\($0)" }.joined(separator: "\t"))
  }

  func write(_ name: String) throws {
    try Files.makeFolder(Self.folder)
    let text = lines.joined(separator: "\n") + "\n"
    try text.write(toFile: "\(Self.folder)/\(name).tsv", atomically: true, encoding: .utf8)
  }

  /// The lines of a file that an earlier run has written, by the names of the columns.
  static func read(_ name: String) throws -> [[String: String]] {
    guard let text = Files.read("\(folder)/\(name).tsv") else {
      throw TestFailure("no figures: run `make bench` first (\(folder)/\(name).tsv)")
    }
    let table = text.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let names = table.first else { return [] }
    return table.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
  }
}
