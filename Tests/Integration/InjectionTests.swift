// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// System calls that fail or take their time.
  @Suite struct InjectionTests {
    private static let numbers = (1...200_000).map { "\($0)\n" }.joined()

    /// Of a container that prints `numbers`.
    private static func request(_ host: ShimHost, stdout: String) -> CreateTaskRequest {
      var request = RuntimeFaultTests.create(host, "a")
      request.stdout = stdout
      return request
    }

    @Test(arguments: [
      "splice:error=EAGAIN:when=2+3", "read:error=EAGAIN:when=20+7", "write:error=EAGAIN:when=30+5",
    ])
    func outputIsWhole(fault: String) throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "numbers"]) { host, client in
        let fifo = "\(host.folder.path)/out"
        try Files.makeFifo(fifo)
        let injection = try Injection(into: try client.shimPID, fault)
        let reader = try Subprocess(["cat", fifo])
        let create = try client.begin("Create", Self.request(host, stdout: fifo))
        #expect(try reader.wait().output == Self.numbers)
        _ = try client.finish(create)
        #expect(try client.wait("a").exitStatus == 0)
        _ = try client.delete("a")
        withExtendedLifetime(injection) {}
      }
    }

    @Test func noDescriptorIsLeftForAConnection() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let injection = try Injection(into: try client.shimPID, "accept4:error=EMFILE:when=1..3")
        let other = try ShimClient(
          "unix://\(host.socketFolder)/\(Files.names(in: host.socketFolder)[0])")
        #expect(try other.connect("").shimPid == client.shimPID)
        withExtendedLifetime(injection) {}
      }
    }

    /// Nobody would know when the process ends, nor whom a signal means.
    @Test func noPIDFD() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let injection = try Injection(into: try client.shimPID, "pidfd_open:error=ENOMEM:when=1")
        let refusal = try client.refusal("Create", RuntimeFaultTests.create(host, "a"))
        #expect(refusal.code == RPCError.unknown)
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        #expect(try client.start("a") > 0)
        withExtendedLifetime(injection) {}
      }
    }

    /// One connection is broken; who comes next is served.
    @Test func anAnswerThatCannotBeWritten() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let address = "unix://\(host.socketFolder)/\(Files.names(in: host.socketFolder)[0])"
        let injection = try Injection(into: try client.shimPID, "write:error=EPIPE:when=1")
        _ = try client.begin("State", StateRequest.with { $0.id = "a" })
        #expect(try client.connection.receive() == nil)
        let other = try ShimClient(address)
        #expect(try other.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        withExtendedLifetime(injection) {}
      }
    }

    private static func mounted(_ host: ShimHost) -> CreateTaskRequest {
      var request = RuntimeFaultTests.create(host, "a")
      request.rootfs = [
        .with {
          $0.type = "tmpfs"
          $0.source = "tmpfs"
        }
      ]
      return request
    }

    private static func isMounted(_ host: ShimHost) -> Bool {
      (Files.read("/proc/self/mountinfo") ?? "").contains(" \(host.bundle("a"))/rootfs ")
    }

    @Test func aMountThatFails() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let injection = try Injection(
          into: try client.shimPID, "mount:error=ENOSPC:when=1", children: true)
        let refusal = try client.refusal("Create", Self.mounted(host))
        #expect(refusal.message.hasPrefix("failed to mount rootfs component: "))
        #expect(!Self.isMounted(host))
        withExtendedLifetime(injection) {}
      }
    }

    /// In use for a while, or slow: Delete waits, nobody else does.
    @Test(arguments: ["umount2:error=EBUSY:when=1..3", "umount2:delay_enter=1000000:when=1"])
    func anUnmountThatDawdles(fault: String) throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let _: CreateTaskResponse = try client.call("Create", Self.mounted(host))
        _ = try client.start("a")
        #expect(Self.isMounted(host))
        try client.kill("a", 9)
        _ = try client.wait("a")
        let injection = try Injection(into: try client.shimPID, fault, children: true)
        let delete = try client.begin("Delete", DeleteRequest.with { $0.id = "a" })
        #expect(try client.state("a").status == .stopped)
        #expect(!client.unclaimed.contains(delete))
        let deleted = try client.finish(delete, as: DeleteResponse.self)
        #expect(deleted.exitStatus == 137)
        #expect(!Self.isMounted(host))
        withExtendedLifetime(injection) {}
      }
    }
  }
}
