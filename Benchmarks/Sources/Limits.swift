// SPDX-License-Identifier: Apache-2.0

import Support

/// The C programs that Benchmarks/run.sh has built.
enum Limits {
  private static let folder = "\(ShimBinary.root)/.build/bench/bin"

  /// The job of `start`, and nothing besides.
  static let start = "\(folder)/start"
  /// Notes when runc ran.
  static let timedRuntime = "\(folder)/timed-runtime"
  /// An OCI runtime that makes no containers (Tests/Reliability/Runtime).
  static let fastRuntime = "\(folder)/fast-runtime"
}
