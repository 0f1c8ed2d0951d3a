// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// containerd is killed in the middle of a call. The next one does not know what it wanted: what the
  /// call was to make is undone, and a shim that nobody asks to end ends by itself.
  @Suite struct AbandonedTests {
    private func run(
      _ faults: [String: String] = [:], _ body: (ShimHost, ShimClient) throws -> Void
    ) throws {
      try RuntimeFaultTests.run(faults) { host, client in
        let shim = try client.shimPID
        try body(host, client)
        client.connection.close()
        try eventually("the shim is gone") { Processes.isGone(shim) }
        try eventually("and all that it made", told: { Processes.describe(host.processes) }) {
          host.processes.isEmpty
        }
      }
    }

    /// A Create that is not answered, since nobody opens the FIFO for its output.
    private func beginCreate(_ id: String, _ host: ShimHost, _ client: ShimClient) throws {
      let output = "\(host.folder.path)/out"
      try Files.makeFifo(output)
      var request = RuntimeFaultTests.create(host, id)
      request.stdout = output
      _ = try client.begin("Create", request)
      try eventually("it is made") { Files.exists("\(host.bundle(id))/init.process") }
    }

    @Test func aCreateWhoseClientOpensNothing() throws {
      try run { host, client in
        try beginCreate("a", host, client)
      }
    }

    @Test func aCreateWhoseClientIsGone() throws {
      try run { host, client in
        var request = RuntimeFaultTests.create(host, "a")
        request.stdout = "\(host.folder.path)/missing"
        _ = try client.begin("Create", request)
      }
    }

    @Test func aCreateInTheRuntime() throws {
      try run(["FAKE_CREATE": "late"]) { host, client in
        try Files.makeFolder("\(host.folder.path)/r")
        _ = try client.begin("Create", RuntimeFaultTests.create(host, "a"))
        client.connection.close()
        usleep(200_000)
        #expect(!host.processes.isEmpty, "it stays until the runtime has ended")
        try host.folder.write("r/go", "")
      }
    }

    @Test func aDelete() throws {
      try run(["FAKE_DELETE": "late"]) { host, client in
        try Files.makeFolder("\(host.folder.path)/r")
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.begin("Delete", DeleteRequest.with { $0.id = "a" })
        client.connection.close()
        usleep(200_000)
        try host.folder.write("r/go", "")
      }
    }

    /// Not while another container is there.
    @Test func others() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let shim = try client.shimPID
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        try host.makeBundle("b")
        try beginCreate("b", host, client)
        client.connection.close()
        let pid = try eventually("its pid") { Files.read("\(host.bundle("b"))/init.pid") }
        try eventually("it is undone") { Processes.isGone(Int32(pid) ?? 0) }
        let address = try #require(Files.read("\(host.bundle("a"))/address"))
        let other = try ShimClient(address)
        #expect(try other.shimPID == shim)
        #expect(try other.state("a").status == .created)
        #expect(try other.refusal("State", StateRequest.with { $0.id = "b" }).code == 5)
        _ = try other.delete("a")
        try other.shutdown("a")
      }
    }
  }
}
