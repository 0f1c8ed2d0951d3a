// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Why a test could not go on.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Looks again and again until the condition holds. The limit is no expectation of speed: it only
/// ends a test that would hang.
///
/// - Parameter told: what to say besides when the time is up.
package func eventually(
  _ what: String, told: () -> String = { "" }, within limit: Duration = .seconds(20),
  _ condition: () throws -> Bool
) throws {
  let deadline = ContinuousClock.now + limit
  while try !condition() {
    guard ContinuousClock.now < deadline else {
      throw TestFailure("not within \(limit): \(what) \(told())")
    }
    usleep(10_000)
  }
}

/// The same for a value that is nil at first.
package func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(20), get: () throws -> Value?
) throws -> Value {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if let value = try get() { return value }
    usleep(10_000)
  }
  throw TestFailure("not within \(limit): \(what)")
}
