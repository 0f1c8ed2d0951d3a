// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Kernels since 4.18, and sandboxes whose filter forbids what it does not know: all that is newer is
  /// missing (Documentation/architecture.md, "System calls newer than Linux 4.18").
  @Suite struct OldKernelTests {
    static let errors = ["ENOSYS", "EPERM"]

    /// - Parameter error: of each call.
    private static func faults(_ error: String) -> [String] {
      [
        "close_range", "pidfd_open", "pidfd_send_signal", "openat2", "statx", "clone3", "rseq",
        "faccessat2",
        "open_tree", "move_mount", "mount_setattr",
      ].map { "\($0):error=\(error)" }
        // With P_PIDFD first, and then without.
        + ["waitid:error=EINVAL:when=1+2"]
    }

    /// Of the daemon: its children are programs of others, and copies of it.
    private static func inject(_ error: String, into shim: Int32, copies: Bool) throws -> Injection
    {
      let names = faults(error).filter { !copies || !$0.hasPrefix("waitid") }
      return try Injection(into: shim, names, children: copies)
    }

    @Test(arguments: errors) func aLife(error: String) throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let injection = try Self.inject(error, into: try client.shimPID, copies: false)
        let created: CreateTaskResponse = try client.call(
          "Create", RuntimeFaultTests.create(host, "a"))
        #expect(try client.start("a") == created.pid)
        #expect(try client.state("a").status == .running)
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        _ = try client.delete("a")
        withExtendedLifetime(injection) {}
      }
    }

    /// Also in what mounts: a target is looked up name by name, and no link leads out.
    @Test(arguments: errors) func mounts(error: String) throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let injection = try Self.inject(error, into: try client.shimPID, copies: true)
        var request = RuntimeFaultTests.create(host, "a")
        try host.folder.write("source", "")
        request.rootfs = [.with { $0.type = "tmpfs" }]
        let _: CreateTaskResponse = try client.call("Create", request)
        #expect((Files.read("/proc/self/mountinfo") ?? "").contains(" \(host.bundle("a"))/rootfs "))
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
        #expect(!(Files.read("/proc/self/mountinfo") ?? "").contains("\(host.bundle("a"))/rootfs"))
        withExtendedLifetime(injection) {}
      }
    }

    /// The commands, from their first call on: after a crash of the daemon the process is ended.
    @Test(arguments: errors) func delete(error: String) throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let pid = try host.create(client, "a")
        _ = try client.start("a")
        kill(try client.shimPID, SIGKILL)
        let faults = Self.faults(error).flatMap { ["-e", "inject=\($0)"] }
        let ending = try host.shim(
          host.arguments("a", "delete"), in: host.bundle("a"),
          wrapper: ["strace", "-f", "-o", "/dev/null"] + faults)
        try ending.expectSuccess()
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 137)
        #expect(Processes.isGone(pid))
      }
    }
  }
}
