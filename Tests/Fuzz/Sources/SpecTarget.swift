// SPDX-License-Identifier: Apache-2.0

@testable import Runtime

/// JSON that others write: config.json, an exec's process, and the sample's commands.
enum SpecTarget {
  @Sendable static func run(_ input: [UInt8]) {
    var annotations: [String: String] = [:]
    var hasOwnPIDs = false
    if let document = try? JSONDocument(input, of: "config.json") {
      annotations = document.annotations
      hasOwnPIDs = document.hasOwnNamespace("pid")
    }
    Fuzz.plant(hasOwnPIDs && annotations.isEmpty)
    _ = try? HostCommand(spec: input)
    for terminal in [false, true] {
      guard let spec = try? ExecRequest.spec(input, terminal: terminal) else { continue }
      guard let again = try? JSONDocument(spec, of: "process spec") else {
        fatalError("what is written cannot be read")
      }
      Fuzz.require(again.isTrue("terminal") == terminal, "another terminal")
    }
  }
}
