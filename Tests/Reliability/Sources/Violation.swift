// SPDX-License-Identifier: Apache-2.0

/// What must never be, and was.
struct Violation: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
