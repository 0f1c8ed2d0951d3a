// SPDX-License-Identifier: Apache-2.0

import Support

/// A bug that is planted to be found. None of them is in the shim: what it says is distorted.
enum Plants: String, CaseIterable {
  case none

  init(_ name: String?) throws {
    guard let plant = Self(rawValue: name ?? "none") else {
      throw Violation("there is no plant of the name \(name ?? "")")
    }
    self = plant
  }

  func folder() throws -> String? { nil }
  func distort(_ task: (pid: Int32, state: String)?) -> (pid: Int32, state: String)? { task }
  func distort(_ events: [EventStream.Event]) -> [EventStream.Event] { events }
}
