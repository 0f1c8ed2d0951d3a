// SPDX-License-Identifier: Apache-2.0

@testable import Runtime

/// CRI's table of options, TOML.
enum OptionsTarget {
  @Sendable static func run(_ input: [UInt8]) {
    guard let table = try? OptionsTable(parsing: input) else { return }
    let keys = table.entries.map(\.key)
    Fuzz.require(Set(keys).count == keys.count, "a key stands there twice")
    let lines = table.entries.map(\.line)
    Fuzz.require(lines.allSatisfy { $0 > 0 } && lines == lines.sorted(), "lines out of order")
    var warnings: [String] = []
    let options = try? RuntimeOptions(table: input, warnings: &warnings)
    Fuzz.plant(0x20...0xff ~= options?.ioUID ?? 0)
  }
}
