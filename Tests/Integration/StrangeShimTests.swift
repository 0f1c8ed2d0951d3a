// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import EventLoop
import Foundation
import Linux
import Support
import SwiftProtobuf
import TTRPC
import Testing

extension Integration {
  /// A `start` whose group's socket is somebody else's: here ours, in this test.
  @Suite struct StrangeShimTests {
    static let group = ["io.containerd.runc.v2.group": "a"]

    /// The socket of the group "a", free.
    static func socket(_ host: ShimHost) throws -> String {
      let shim = try host.launch("a").shimPID
      kill(shim, SIGTERM)
      try eventually("the shim is gone") { Processes.isGone(shim) }
      let address = try #require(Files.read("\(host.bundle("a"))/address"))
      try host.makeBundle("b", annotations: group)
      return ShimClient.socket(of: address)
    }

    /// Serves from this thread while `start` runs.
    static func start(_ host: ShimHost, _ loop: EventLoop) throws -> Subprocess.Ending {
      let start = try host.beginStart("b")
      let tick = Timer(loop) {}
      while !start.hasExited {
        tick.schedule(after: .milliseconds(5))
        loop.runOnce()
      }
      return try start.wait()
    }

    /// A shim of containerd 2.0 or later, written in Go.
    @Test func oneThatServesVersionThreeOnly() throws {
      try ShimHost.run { host in
        let path = try Self.socket(host)
        let loop = EventLoop()
        let router = Router()
        router.register(service: "containerd.task.v3.Task", method: "Connect") {
          _, reply in reply.send(ConnectResponse())
        }
        let server = Server(loop, listener: try UnixSocket.listen(path: path), router: router)
        let ending = try Self.start(host, loop)
        withExtendedLifetime(server) {}
        #expect(ending.status == 0)
        #expect(
          ending.output == #"{"version":3,"address":"unix://\#(path)","protocol":"ttrpc"}"#)
        #expect(Files.read("\(host.bundle("b"))/address") == "unix://\(path)")
        try UnixSocket.remove(path)
      }
    }

    /// Stuck, or stopped: containerd may wait longer than `start`.
    @Test func oneThatDoesNotAnswer() throws {
      try ShimHost.run { host in
        let path = try Self.socket(host)
        let listener = try UnixSocket.listen(path: path)
        let ending = try Self.start(host, EventLoop())
        _ = listener.number
        #expect(ending.status == 0)
        #expect(ending.output == "unix://\(path)")
        try UnixSocket.remove(path)
      }
    }

    @Test func oneThatHangsUp() throws {
      try ShimHost.run { host in
        let path = try Self.socket(host)
        let loop = EventLoop()
        var limits = Server.Limits()
        limits.connections = 0
        let server = Server(
          loop, listener: try UnixSocket.listen(path: path), router: Router(), limits: limits)
        let ending = try Self.start(host, loop)
        withExtendedLifetime(server) {}
        #expect(ending.status == 1)
        #expect(ending.errors.contains("\(path): Connection reset by peer"))
        #expect(Files.exists(path), "whoever listens there keeps his name")
        #expect(host.processes.isEmpty)
        try UnixSocket.remove(path)
      }
    }
  }
}
