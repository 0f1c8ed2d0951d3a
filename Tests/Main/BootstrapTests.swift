// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import SwiftProtobuf
import Testing

@testable import Main

/// The standard input of `start`, as real containerds wrote it (ids and paths shortened).
@Suite struct BootstrapTests {
  /// containerd 2.4, `-id c1 -namespace default`, without options.
  private static let params =
    "0a026331120764656661756c742205322e342e302a252f72756e2f636f6e7461"
    + "696e6572642f636f6e7461696e6572642e736f636b2e7474727063321f2f7275"
    + "6e2f636f6e7461696e6572642f636f6e7461696e6572642e736f636b3a132f75"
    + "73722f62696e2f636f6e7461696e6572644a112f72756e2f636f6e7461696e65" + "72642f73"
  /// The same with `ctr run --runtime-config-path /etc/x.toml`.
  private static let paramsWithOptions =
    "0a026331120764656661756c742205322e342e302a252f72756e2f636f6e7461"
    + "696e6572642f636f6e7461696e6572642e736f636b2e7474727063321f2f7275"
    + "6e2f636f6e7461696e6572642f636f6e7461696e6572642e736f636b3a132f75"
    + "73722f62696e2f636f6e7461696e657264422c0a2a0a1972756e74696d656f70"
    + "74696f6e732e76312e4f7074696f6e73120d120b2f6574632f782e746f6d6c4a"
    + "112f72756e2f636f6e7461696e6572642f73"
  /// containerd 1.6, `--runtime-config-path /tmp/x`: a bare Any.
  private static let options =
    "0a1972756e74696d656f7074696f6e732e76312e4f7074696f6e73120812062f" + "746d702f78"
  /// containerd 1.6, `--no-pivot`.
  private static let legacyOptions =
    "0a23636f6e7461696e6572642e6c696e75782e72756e632e4372656174654f70" + "74696f6e7312020801"

  private func parse(_ hex: String, id: String = "c1") throws -> Bootstrap {
    let digits = Array(hex.utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
      UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
    return try Bootstrap(parsing: bytes, id: id, namespace: "default")
  }

  @Test func parameters() throws {
    let bootstrap = try parse(Self.params)
    #expect(bootstrap.options == nil)
    #expect(bootstrap.ttrpcAddress == "/run/containerd/containerd.sock.ttrpc")
    #expect(bootstrap.socketDirectory == "/run/containerd/s")
    #expect(!bootstrap.debug)
  }

  @Test func parametersWithOptions() throws {
    let options = try #require(try parse(Self.paramsWithOptions).options)
    #expect(options.messageName == "runtimeoptions.v1.Options")
    #expect(try RuntimeOptions(serializedBytes: options.value).configPath == "/etc/x.toml")
  }

  @Test func optionsAlone() throws {
    let bootstrap = try parse(Self.options)
    let options = try #require(bootstrap.options)
    #expect(try RuntimeOptions(serializedBytes: options.value).configPath == "/tmp/x")
    #expect(bootstrap.socketDirectory.isEmpty)
    let legacy = try #require(try parse(Self.legacyOptions).options)
    #expect(legacy.typeURL == "containerd.linux.runc.CreateOptions")
    #expect(try LegacyCreateOptions(serializedBytes: legacy.value).noPivotRoot)
  }

  /// Each form parses as the other: only id and namespace tell.
  @Test func parametersOfAnotherContainerAreAnAny() throws {
    let bootstrap = try parse(Self.params, id: "c2")
    #expect(bootstrap.options?.typeURL == "c1")
    #expect(bootstrap.ttrpcAddress.isEmpty)
  }

  @Test func nothing() throws {
    #expect(try parse("") == Bootstrap(parsing: [], id: "c1", namespace: "default"))
  }

  @Test(arguments: ["ff", "0a05", "0a0163"]) func garbage(_ hex: String) throws {
    if hex == "0a0163" { return #expect(try parse(hex).options?.typeURL == "c") }
    #expect(throws: Bootstrap.Failure.malformed) { try parse(hex) }
  }

  /// log_level is an open enum and negative for debug and trace.
  @Test(arguments: [(-8, true), (-4, true), (0, false), (8, false), (-5, true)])
  func logLevel(_ level: Int, _ debug: Bool) throws {
    let params = BootstrapParams.with {
      $0.instanceID = "c1"
      $0.namespace = "default"
      $0.logLevel = LogLevel(rawValue: level) ?? .info
    }
    let bytes: [UInt8] = try params.serializedBytes()
    #expect(try Bootstrap(parsing: bytes, id: "c1", namespace: "default").debug == debug)
  }
}
