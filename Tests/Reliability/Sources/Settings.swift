// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the command line says: `KEY=VALUE` words, an empty value for "not said".
struct Settings {
  private var values: [String: String] = [:]
  /// Of all random choices; by default another one at each time.
  let seed: UInt64
  let plant: Plants

  init(_ words: some Sequence<String>) throws {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
    seed = values["SEED"].flatMap { UInt64($0) } ?? UInt64(time(nil))
    plant = try Plants(values["PLANT"])
  }

  subscript(key: String) -> String? { values[key] }

  func number(_ key: String, or usual: Int) -> Int { values[key].flatMap { Int($0) } ?? usual }
}
