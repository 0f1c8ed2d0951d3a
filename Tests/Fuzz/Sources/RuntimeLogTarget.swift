// SPDX-License-Identifier: Apache-2.0

@testable import Runtime

/// What an OCI runtime logs (log.json).
enum RuntimeLogTarget {
  @Sendable static func run(_ input: [UInt8]) {
    let words = OCILog.lastError(of: String(decoding: input, as: UTF8.self))
    Fuzz.require(words?.first?.isWhitespace != true, "white space at the begin")
    Fuzz.require(words?.last?.isWhitespace != true, "white space at the end")
    Fuzz.plant(words?.utf8.count == 1)
  }
}
