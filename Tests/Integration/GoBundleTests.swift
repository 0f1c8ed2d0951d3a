// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Our `delete` in a bundle that containerd's own shim has left.
  @Suite struct GoBundleTests {
    static let runtime = "io.containerd.runc.v2"
    /// The runtime's state is the machine's, not this containerd's: a name that nobody else has.
    static let id = "shim-test-\(getpid())"

    /// A container of runc's, whose shim has been killed while containerd was away.
    static func abandon(_ containerd: Containerd) throws -> Int32 {
      try containerd.ctr(
        "run", "--detach", "--runtime", runtime, Containerd.image, id, "sleep", "1000"
      ).expectSuccess()
      let command = try #require(try containerd.task(id)).pid
      let shim = try containerd.shim(of: id)
      try containerd.stop()
      kill(shim, SIGKILL)
      try eventually("the shim is gone") { Processes.isGone(shim) }
      #expect(!Processes.isGone(command))
      return command
    }

    static func mounts(below path: String) -> Int {
      (Files.read("/proc/self/mountinfo") ?? "").split(separator: "\n").filter {
        $0.contains(" \(path)")
      }.count
    }

    @Test func deleteEndsTheContainerAndUnmountsIt() throws {
      try Containerd.run { containerd in
        let command = try Self.abandon(containerd)
        let bundle = containerd.bundle(Self.id)
        // stop() has unmounted the rootfs: mounted again, twice and with a space.
        for name in ["rootfs", "rootfs/with space"] {
          try Files.makeFolder("\(bundle)/\(name)")
          try run("mount", "-t", "tmpfs", "none", "\(bundle)/\(name)").expectSuccess()
        }
        let arguments = [
          "-namespace", Containerd.namespace, "-id", Self.id, "-address", containerd.address,
          "-bundle",
          bundle, "delete",
        ]
        func delete() throws -> DeleteResponse {
          let ending = try Subprocess([try ShimBinary.path()] + arguments, directory: bundle).wait()
          #expect(ending.status == 0)
          #expect(ending.errors == "")
          let response = try DeleteResponse(serializedBytes: ending.outputBytes)
          #expect(try response.serializedBytes() == ending.outputBytes)
          return response
        }
        let response = try delete()
        #expect(response.pid == UInt32(command))
        #expect(response.exitStatus == 137)
        #expect(Processes.isGone(command))
        #expect(Self.mounts(below: bundle) == 0)
        let list = try run("runc", "--root", "/run/containerd/runc/default", "list", "--quiet")
        #expect(!list.output.split(separator: "\n").contains(Substring(Self.id)))
        #expect(try delete().exitStatus == 137)  // again
        // containerd finds nothing that it could not clean up.
        try containerd.start()
        #expect(try containerd.task(Self.id) == nil)
      }
    }

    /// A runtime that is gone is told, if it has left a state, and the rest is done all the same.
    @Test func aMissingRuntimeIsAWarning() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let root = "\(host.folder.path)/r"
        try Files.makeFolder("\(root)/\(host.namespace)/a")
        try host.write(
          #"{"binary_name":"no-runc","root":"\#(root)"}"#, to: "options.json", of: "a")
        try host.write("no-runc", to: "runtime", of: "a")
        try Files.makeFolder("\(host.bundle("a"))/rootfs")
        try run("mount", "-t", "tmpfs", "none", "\(host.bundle("a"))/rootfs").expectSuccess()
        let ending = try host.delete("a")
        #expect(ending.status == 0)
        #expect(ending.errors.contains("no-runc: "))
        let response = try DeleteResponse(serializedBytes: ending.outputBytes)
        #expect(response.pid == 0)
        #expect(response.exitStatus == 255)
        #expect(Self.mounts(below: host.bundle("a")) == 0)
      }
    }
  }
}
