// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// A table of runs in Documentation/reliability.
struct Record {
  private let file: String

  init(_ name: String) { file = "\(ShimBinary.root)/Documentation/reliability/\(name).tsv" }

  /// Appends a line, after the date and the commit; a new table gets the names as its first line.
  func append(_ figures: [(name: String, value: String)]) {
    let format = DateFormatter()
    format.dateFormat = "yyyy-MM-dd"
    let commit = try? Support.run("git", "-C", ShimBinary.root, "rev-parse", "--short", "HEAD")
    let words = (commit?.output ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    let all =
      [("date", format.string(from: Date())), ("commit", words.isEmpty ? "none" : words)] + figures
    var text = Files.read(file) ?? all.map(\.0).joined(separator: "\t") + "\n"
    text += all.map(\.1).joined(separator: "\t") + "\n"
    try? Files.makeFolder("\(ShimBinary.root)/Documentation/reliability")
    try? text.write(toFile: file, atomically: true, encoding: .utf8)
  }
}

/// How far a seed has been played, below .build: the next run goes on from there.
final class Progress: Sendable {
  private let file: String

  init(_ name: String) { file = "\(ShimBinary.root)/.build/reliability/progress/\(name)" }

  var rounds: Int {
    get { Files.read(file).flatMap { Int($0) } ?? 0 }
    set {
      try? Files.makeFolder("\(ShimBinary.root)/.build/reliability/progress")
      try? "\(newValue)".write(toFile: file, atomically: true, encoding: .utf8)
    }
  }
}

/// What is kept of a run that failed.
enum Failed {
  /// - Returns: where the copy is.
  static func keep(_ file: String, _ name: String) -> String {
    let folder = "\(ShimBinary.root)/.build/reliability/failed"
    let copy = "\(folder)/\(name).log"
    try? Files.makeFolder(folder)
    try? FileManager.default.removeItem(atPath: copy)
    try? FileManager.default.copyItem(atPath: file, toPath: copy)
    return copy
  }
}
