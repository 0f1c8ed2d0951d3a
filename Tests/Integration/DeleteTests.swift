// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// The command `delete`, without containerd.
  @Suite struct DeleteTests {
    @Test func deleteEndsWhatAKilledShimLeft() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        let sleep = try Processes.sleep(of: command)
        let shim = try client.shimPID
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(!Processes.isGone(command))
        // It does not end by itself. Not before: the kernel sends SIGHUP to a group with a stopped
        // process that the shim's end makes an orphan.
        kill(sleep, SIGSTOP)

        let ending = try host.delete("a")
        #expect(ending.status == 0)
        #expect(ending.errors == "")
        let response = try DeleteResponse(serializedBytes: ending.outputBytes)
        #expect(response.pid == UInt32(command))
        #expect(response.exitStatus == 137)
        #expect(abs(response.exitedAt.date.timeIntervalSinceNow) < 3600)
        #expect(try response.serializedBytes() == ending.outputBytes)
        try eventually("all is gone") { Processes.isGone(command) && Processes.isGone(sleep) }
        #expect(Files.names(in: host.socketFolder) == [])

        // Again, and without its files.
        #expect(try host.delete("a").status == 0)
        for name in Files.names(in: host.bundle("a")) {
          unlink("\(host.bundle("a"))/\(name)")
        }
        let again = try host.delete("a")
        #expect(again.status == 0)
        #expect(try DeleteResponse(serializedBytes: again.outputBytes).pid == 0)
      }
    }

    /// The task had ended, its status was told to nobody, and the shim died.
    @Test func deleteTellsARecordedExit() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        try client.kill("a", 15)
        let exit = try client.wait("a")
        #expect(exit.exitStatus == 143)
        let shim = try client.shimPID
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        for _ in 1...2 {
          let ending = try host.delete("a")
          #expect(ending.errors == "")
          let response = try DeleteResponse(serializedBytes: ending.outputBytes)
          #expect(response.exitStatus == 143)
          #expect(response.pid == UInt32(command))
          #expect(response.exitedAt == exit.exitedAt)
        }
        // Torn off by a crash of the machine.
        let record = try #require(Files.read("\(host.bundle("a"))/exits"))
        try host.write(String(record.dropLast(3)), to: "exits", of: "a")
        let ending = try host.delete("a")
        #expect(ending.errors == "a: its exit status is unknown\n")
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 255)
      }
    }

    /// As after a downgrade: better to end nothing than the wrong process.
    @Test func aRecordOfAnotherVersionIsTold() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        let record = try #require(Files.read("\(host.bundle("a"))/init.process"))
        #expect(record.hasPrefix("1 \(command) "))
        let shim = try client.shimPID
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        try host.write("2\(record.dropFirst())", to: "init.process", of: "a")
        let ending = try host.delete("a")
        #expect(ending.status == 0)
        #expect(ending.errors.hasPrefix("init.process has the unknown version 2\n"))
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 255)
        #expect(!Processes.isGone(command))
        try host.write(record, to: "init.process", of: "a")
      }
    }

    @Test func deleteLeavesTheGroupAlone() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        _ = try host.launch("b", annotations: ["io.containerd.runc.v2.group": "a"])
        #expect(try host.delete("b").status == 0)
        #expect(try client.state("a").status == .running)
        #expect(!Processes.isGone(command))
        #expect(Files.names(in: host.socketFolder).count == 1)
      }
    }

    @Test func anotherBundleIsRefusedAndUntouched() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        try host.makeBundle("b")
        for (bundle, folder) in [("b", "a"), ("a", "b")] {
          let ending = try host.shim(
            ["-bundle", host.bundle(bundle)] + host.arguments("a", "delete"),
            in: host.bundle(folder))
          #expect(ending.status == 1)
          #expect(ending.errors.contains("is not the working directory"))
          #expect(ending.output == "")
        }
        #expect(try client.state("a").status == .running)
        #expect(!Processes.isGone(command))
        let same = try host.shim(
          ["-bundle", host.bundle("b")] + host.arguments("b", "delete"), in: host.bundle("b"))
        #expect(same.status == 0)
      }
    }
  }
}
