// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

extension Integration {
  /// Signals that nobody has a reason to send to a shim, and that end a process that does not expect them.
  @Suite struct SignalTests {
    /// All but those that mean something: KILL and STOP to the kernel, TERM and INT to us.
    static let strays = (1...64).filter { ![SIGKILL, SIGSTOP, SIGTERM, SIGINT].contains($0) }

    @Test func noStrayEndsTheDaemon() throws {
      try ShimHost.run(ShimBinary.oci) { host in
        let client = try host.launch("a")
        let _: CreateTaskResponse = try client.call("Create", RuntimeFaultTests.create(host, "a"))
        _ = try client.start("a")
        let shim = try client.shimPID
        for signal in Self.strays {
          #expect(kill(shim, signal) == 0)
          #expect(try client.state("a").status == .running, "after signal \(signal)")
        }
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        _ = try client.delete("a")
      }
    }

    /// Held and started.
    @Test func childrenHaveTheDefaults() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let pid = try host.create(client, "a")
        func expectDefaults() {
          for field in ["SigBlk", "SigIgn"] {
            #expect(Processes.field(field, of: pid) == "0000000000000000", "\(field)")
          }
        }
        try eventually("it is executed") { Processes.commandLine(of: pid).contains("held") }
        expectDefaults()
        _ = try client.start("a")
        expectDefaults()
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
      }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func theseEndTheDaemon(signal: Int32) throws {
      try ShimHost.run { host in
        let shim = try host.launch("a").shimPID
        kill(shim, signal)
        try eventually("the shim ends") { Processes.isGone(shim) }
        #expect(Files.names(in: host.socketFolder) == [])
      }
    }

    /// One that waits for another's lock.
    @Test(arguments: ["start", "delete"]) func noStrayEndsACommand(action: String) throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        try host.start("a").expectSuccess()
        let folder = try Handle.open(host.socketFolder, O_RDONLY | O_DIRECTORY)
        #expect(flock(folder.number, LOCK_EX) == 0)
        let command =
          try action == "start"
          ? host.beginStart("a")
          : Subprocess(
            [ShimBinary.path(ShimBinary.sample)] + host.arguments("a", action),
            environment: host.environment, directory: host.bundle("a"))
        try eventually("it waits for the lock") {
          (Files.read("/proc/\(command.pid)/wchan") ?? "").contains("lock")
        }
        for signal in Self.strays { command.kill(Int32(signal)) }
        #expect(flock(folder.number, LOCK_UN) == 0)
        try command.wait().expectSuccess()
      }
    }
  }
}
