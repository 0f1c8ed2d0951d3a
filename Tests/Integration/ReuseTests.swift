// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// A second `start` of a group, and the group's shim that is about to end.
  @Suite struct ReuseTests {
    static let group = ["io.containerd.runc.v2.group": "a"]

    static func isUnknown(_ client: ShimClient, _ id: String) throws {
      #expect(try client.refusal("State", StateRequest.with { $0.id = id }).code == 5)
    }

    /// Creates a task and deletes it again: after that a Shutdown would end the shim.
    static func use(_ host: ShimHost, _ client: ShimClient, _ id: String) throws {
      try host.create(client, id)
      _ = try client.delete(id)
    }

    /// Well before a promise would end.
    static func endsAtOnce(_ shim: Int32) throws {
      let gone: Bool? = try eventually("the shim has ended", within: .seconds(8)) {
        Processes.isGone(shim) ? true : nil
      }
      #expect(gone == true)
    }

    @Test func aStartKeepsTheShimForItsContainer() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let shim = try client.shimPID
        try Self.use(host, client, "a")
        let other = try host.launch("b", annotations: Self.group)
        try client.shutdown("a")
        try Self.use(host, other, "b")
        #expect(try other.shimPID == shim)
        // Nothing is promised any more.
        try other.shutdown("b")
        try Self.endsAtOnce(shim)
      }
    }

    /// containerd's way after a Create that failed.
    @Test func shutdownOfThePromisedContainerEndsThePromise() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let shim = try client.shimPID
        _ = try host.launch("b", annotations: Self.group)
        try client.shutdown("b")
        try Self.endsAtOnce(shim)
      }
    }

    @Test func aPromiseThatNobodyClaimsEnds() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let shim = try client.shimPID
        _ = try host.launch("b", annotations: Self.group)
        try client.shutdown("a")
        try Self.isUnknown(client, "b")  // it still answers
        try eventually("the shim has ended") { Processes.isGone(shim) }
        #expect(Files.names(in: host.socketFolder) == [])
      }
    }

    /// Whoever comes first, the Shutdown or the Connect of `start`: the address that `start` prints
    /// serves the next container.
    @Test func startMeetsShutdown() throws {
      try ShimHost.run { host in
        try host.makeBundle("b", annotations: Self.group)
        var client = try host.launch("a")
        for round in 0..<60 {
          let shim = try client.shimPID
          try Self.use(host, client, "a")
          let start = try host.beginStart("b")
          usleep(UInt32(round * 100))  // over all that a `start` does
          try client.shutdown("a")
          let ending = try start.wait()
          try ending.expectSuccess()
          let next = try ShimClient(ending.output)
          let nextShim = try next.shimPID
          try Self.use(host, next, "b")
          try next.shutdown("b")
          try eventually("both have ended") { Processes.isGone(shim) && Processes.isGone(nextShim) }
          client = try ShimClient(host.start("a").output)
        }
      }
    }
  }
}
