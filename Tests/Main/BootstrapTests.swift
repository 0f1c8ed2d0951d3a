// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

@testable import Main

/// The standard input of `start`.
@Suite struct BootstrapTests {
  private func parse(_ bytes: [UInt8], id: String = "c1") throws -> Bootstrap {
    try Bootstrap(parsing: bytes, id: id, namespace: "default")
  }

  @Test func parameters() throws {
    let bootstrap = try parse(Recorded.parameters)
    #expect(bootstrap.options == nil)
    #expect(bootstrap.ttrpcAddress == "/run/containerd/containerd.sock.ttrpc")
    #expect(bootstrap.socketDirectory == "/run/containerd/s")
    #expect(!bootstrap.debug)
  }

  @Test func parametersWithOptions() throws {
    let options = try #require(try parse(Recorded.parametersWithOptions).options)
    #expect(options.messageName == "runtimeoptions.v1.Options")
    #expect(try CRIOptions(serializedBytes: options.value).configPath == "/etc/x.toml")
  }

  @Test func optionsAlone() throws {
    let bootstrap = try parse(Recorded.options)
    let options = try #require(bootstrap.options)
    #expect(try CRIOptions(serializedBytes: options.value).configPath == "/tmp/x")
    #expect(bootstrap.socketDirectory.isEmpty)
    let legacy = try #require(try parse(Recorded.legacyOptions).options)
    #expect(legacy.typeURL == "containerd.linux.runc.CreateOptions")
    #expect(try LegacyCreateOptions(serializedBytes: legacy.value).noPivotRoot)
  }

  /// Each form parses as the other: only id and namespace tell.
  @Test func parametersOfAnotherContainerAreAnAny() throws {
    let bootstrap = try parse(Recorded.parameters, id: "c2")
    #expect(bootstrap.options?.typeURL == "c1")
    #expect(bootstrap.ttrpcAddress.isEmpty)
  }

  @Test func nothing() throws {
    #expect(try parse([]) == Bootstrap(parsing: [], id: "c1", namespace: "default"))
  }

  @Test(arguments: ["ff", "0a05", "0a0163"]) func garbage(_ hex: String) throws {
    let bytes = Recorded.bytes(hex)
    if hex == "0a0163" { return #expect(try parse(bytes).options?.typeURL == "c") }
    #expect(throws: Bootstrap.Failure.malformed) { try parse(bytes) }
  }

  /// log_level is an open enum and negative for debug and trace.
  @Test(arguments: [(-8, true), (-4, true), (0, false), (8, false), (-5, true)])
  func logLevel(_ level: Int, _ debug: Bool) throws {
    let params = BootstrapParams.with {
      $0.instanceID = "c1"
      $0.namespace = "default"
      $0.logLevel = LogLevel(rawValue: level) ?? .info
    }
    #expect(try parse(params.serializedBytes()).debug == debug)
  }
}
