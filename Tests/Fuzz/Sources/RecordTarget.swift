// SPDX-License-Identifier: Apache-2.0

import Linux

@testable import Runtime

/// What one version of the shim writes into a bundle and another reads: `exits`, `init.process`.
enum RecordTarget {
  @Sendable static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let entries = ExitLog.parse(text)
    Fuzz.require(
      ExitLog.parse(entries.map { "\($0.line)\n" }.joined()) == entries, "a record changes")
    guard let identity = ProcessIdentity(text) else { return }
    Fuzz.require(ProcessIdentity(identity.text)?.text == identity.text, "an identity changes")
    Fuzz.plant(identity.pid == 77)
  }
}
