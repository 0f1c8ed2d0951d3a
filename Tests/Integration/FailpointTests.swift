// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// containerd's failpoint annotations, which a debug build honours and a release does not.
  @Suite struct FailpointTests {
    private static func annotations(_ points: [String: String]) -> [String: String] {
      Dictionary(
        uniqueKeysWithValues: points.map { ("io.containerd.runtime.v2.shim.failpoint.\($0)", $1) })
    }

    private static func run(
      _ program: String, _ points: [String: String], _ body: (ShimHost, ShimClient) throws -> Void
    ) throws {
      try ShimHost.run(program) { host in
        try body(host, try host.launch("a", annotations: annotations(points)))
      }
    }

    @Test func anError() throws {
      try Self.run(ShimBinary.debug, ["State": "1*off->1*error(oops)", "Wrong": "x"]) { _, client in
        let request = StateRequest.with { $0.id = "a" }
        for words in [
          "container not created: not found", "oops", "container not created: not found",
        ] {
          let refusal = try client.refusal("State", request)
          #expect(refusal.message == words)
        }
      }
    }

    /// Others are answered meanwhile, and it comes.
    @Test func aDelay() throws {
      try Self.run(ShimBinary.debug, ["Create": "1*delay(200)"]) { host, client in
        let create = try client.begin("Create", RuntimeFaultTests.create(host, "a"))
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        let created = try client.finish(create, as: CreateTaskResponse.self)
        #expect(try client.state("a").pid == created.pid)
      }
    }

    /// The shim dies before it has answered: `delete` cleans up.
    @Test func aPanic() throws {
      try Self.run(ShimBinary.debug, ["Start": "1*panic(now)"]) { host, client in
        let created: CreateTaskResponse = try client.call(
          "Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.begin("Start", StartRequest.with { $0.id = "a" })
        #expect(try client.connection.receive() == nil)
        try host.delete("a").expectSuccess()
        try eventually("the process is gone") { Processes.isGone(Int32(created.pid)) }
      }
    }

    @Test func notInTheRelease() throws {
      try Self.run(ShimBinary.oci, ["State": "9*error(oops)"]) { _, client in
        let refusal = try client.refusal("State", StateRequest.with { $0.id = "a" })
        #expect(refusal.code == RPCError.notFound)
      }
    }
  }
}
