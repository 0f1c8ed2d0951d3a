// SPDX-License-Identifier: Apache-2.0

import Linux
import Testing

@testable import Runtime

/// The sample runs as root, so it runs only what asks for that.
@Suite struct HostCommandTests {
  private func command(_ spec: String) throws -> HostCommand {
    try HostCommand(spec: Array(spec.utf8))
  }

  @Test(arguments: [#"{"args":["x"]}"#, #"{"args":["x"],"user":{"uid":0,"gid":7}}"#])
  func root(spec: String) throws {
    let command = try command(spec)
    #expect(command.arguments == ["x"] && command.directory == "/" && command.environment == [])
  }

  @Test(arguments: [
    "65534", "\"0\"", "1.5", "-1e30", "1e400", "18446744073709551615", "null", "[]",
  ])
  func others(uid: String) {
    #expect(throws: RuntimeError.self) {
      try command(#"{"args":["x"],"user":{"uid":\#(uid)}}"#)
    }
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"args":[]}"#, #"{"args":[7]}"#])
  func noCommand(spec: String) {
    #expect(throws: RuntimeError.self) { try command(spec) }
  }
}
