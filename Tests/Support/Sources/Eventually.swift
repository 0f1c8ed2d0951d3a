// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Why a test could not go on.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

extension Duration {
  /// How long a test waits for anything. No expectation of speed: it only ends a test that would hang.
  /// The variable TEST_PATIENCE gives the seconds on a slow machine.
  package static let patience = Duration.seconds(
    ProcessInfo.processInfo.environment["TEST_PATIENCE"].flatMap { Int($0) } ?? 30)
}

/// Looks again and again until the condition holds.
///
/// - Parameter told: what to say besides when the time is up.
package func eventually(
  _ what: String, told: () -> String = { "" }, within limit: Duration = .patience,
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
  _ what: String, within limit: Duration = .patience, get: () throws -> Value?
) throws -> Value {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if let value = try get() { return value }
    usleep(10_000)
  }
  throw TestFailure("not within \(limit): \(what)")
}
