// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// A shim that the next containerd cannot find, or that answers too late.
  @Suite struct GivenUpTests {
    private static func socket(_ host: ShimHost, _ id: String = "a") throws -> String {
      ShimClient.socket(of: try #require(Files.read("\(host.bundle(id))/address")))
    }

    private static func expectRunning(_ host: ShimHost, _ id: String, _ pid: Int32) throws {
      let client = try ShimClient(try #require(Files.read("\(host.bundle(id))/address")))
      let state = try client.state(id)
      #expect(state.status == .running)
      #expect(Int32(state.pid) == pid)
    }

    enum Removal: CaseIterable { case whileConnected, whileAlone, withItsFolder }

    /// Somebody has removed its socket: it makes it again before containerd is back.
    @Test(arguments: Removal.allCases) func aSocketThatWasRemoved(_ removal: Removal) throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        let path = try Self.socket(host)
        if removal != .whileConnected {
          client.connection.close()
          // Whoever is served after it sees that its end was noticed.
          try Self.expectRunning(host, "a", command)
        }
        if removal == .withItsFolder {
          // It may be there again before the folder goes.
          try? FileManager.default.removeItem(atPath: host.socketFolder)
        } else {
          unlink(path)
        }
        if removal == .whileConnected { client.connection.close() }
        try eventually("it has a socket again") { Files.exists(path) }
        try eventually("somebody listens") { (try? Self.expectRunning(host, "a", command)) != nil }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
        let again = try ShimClient("unix://\(path)")
        try again.kill("a", 9)
        #expect(try again.wait("a").exitStatus == 137)
        _ = try again.delete("a")
        try again.shutdown("a")
        try eventually("its socket goes with it") { !Files.exists(path) }
      }
    }

    /// containerd has run `delete`, while its shim could not answer.
    @Test func aShimThatIsLate() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        let shim = try client.shimPID
        try eventually("two events") { host.events.topics.count == 2 }
        client.connection.close()
        kill(shim, SIGSTOP)
        let ending = try host.delete("a")
        #expect(ending.errors == "")
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 137)
        try FileManager.default.removeItem(atPath: host.bundle("a"))
        kill(shim, SIGCONT)
        try eventually("it has ended") { Processes.isGone(shim) && Processes.isGone(command) }
        // By now there may be another container of the name.
        #expect(host.events.topics == ["/tasks/create", "/tasks/start"])
        #expect(Files.names(in: host.socketFolder) == [])
      }
    }

    /// It has other containers: it goes on for them, and can be found again.
    @Test func oneOfAGroup() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        _ = try host.launch("b", annotations: ["io.containerd.runc.v2.group": "a"])
        try host.create(client, "b")
        let other = try client.start("b")
        unlink(try Self.socket(host))
        _ = try host.delete("a")
        try eventually("a is gone") {
          (try? client.refusal("State", StateRequest.with { $0.id = "a" }).code) == 5
        }
        #expect(!Processes.isGone(other))
        try eventually("somebody listens") {
          (try? Self.expectRunning(host, "b", other)) != nil
        }
        _ = try host.delete("b")
        try eventually("all are gone") { host.processes.isEmpty }
      }
    }

    /// What `delete` sends, from somebody else: nothing to see.
    @Test func aSignalFromNobody() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let command = try client.start("a")
        for _ in 1...3 { kill(try client.shimPID, SIGUSR2) }
        #expect(try client.state("a").status == .running)
        // A cleaner of files is no `delete`.
        unlink("\(host.bundle("a"))/create.record")
        kill(try client.shimPID, SIGUSR2)
        try Self.expectRunning(host, "a", command)
      }
    }

    /// Its socket was removed, and the name is another's when it ends.
    @Test func aSocketOfSomebodyElse() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        let path = try Self.socket(host)
        unlink(path)
        let other = try Listener(path)
        let shim = try client.shimPID
        kill(shim, SIGTERM)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(Files.exists(path))
        withExtendedLifetime(other) {}
        unlink(path)
      }
    }

    private struct Listener: ~Copyable {
      private let socket: Int32

      init(_ path: String) throws {
        socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        guard bound == 0, listen(socket, 1) == 0 else { throw TestFailure("no listener") }
      }

      deinit { close(socket) }
    }
  }
}
