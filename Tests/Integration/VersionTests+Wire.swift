// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

/// The driver itself: that it writes and reads as real containerds do.
extension Integration.VersionTests {
  @Test func theInputOfStartIsARealOne() throws {
    let new = ShimCommand(.v23, in: "/run/containerd", namespace: "default")
    #expect(try new.input("c1", options: nil) == .bytes(Recorded.parameters))
    let path = CRIOptions.with { $0.configPath = "/etc/x.toml" }
    #expect(
      try new.input("c1", options: .init(packing: path)) == .bytes(Recorded.parametersWithOptions))

    for version in [ContainerdVersion.v16, .v17, .v20] {
      let old = ShimCommand(version, in: "/run/containerd")
      #expect(try old.input("c1", options: nil) == .null)
      #expect(try old.input("c1", options: Self.options) == .bytes(Recorded.options))
      let legacy = LegacyCreateOptions.with { $0.noPivotRoot = true }
      #expect(
        try old.input("c1", options: .init(packing: legacy)) == .bytes(Recorded.legacyOptions))
    }
  }

  /// Each version, and the highest version of a shim that it takes; 0: it knows no versions.
  @Test(arguments: zip(ContainerdVersion.allCases, [0, 2, 3, 3] as [Int32]))
  func theAnswerOfStart(version: ContainerdVersion, highest: Int32) throws {
    func parse(_ text: String) throws -> BootstrapResult {
      try version.parseAnswer(Array(text.utf8))
    }
    func json(_ number: Int32) -> String {
      #"{"version":\#(number),"address":"unix:///s","protocol":"ttrpc"}"#
    }
    var result = try parse("unix:///s\n")
    #expect(result.version == 2 && result.address == "unix:///s" && result.protocol == "ttrpc")

    #expect(try parse(json(1)).address == json(1))
    for number in [Int32](2...4) {
      if highest == 0 {
        #expect(try parse(json(number)).address == json(number))
      } else if number <= highest {
        result.version = number
        #expect(try parse(json(number)) == result)
      } else {
        #expect(throws: TestFailure.self) { try parse(json(number)) }
      }
    }

    let bytes: [UInt8] = try result.serializedBytes()
    if version == .v23 {
      #expect(try version.parseAnswer(bytes) == result)
      #expect(throws: TestFailure.self) { try parse("") }
    } else {
      #expect(try version.parseAnswer(bytes).address != result.address)
      #expect(try parse("").address == "")
    }
  }
}
