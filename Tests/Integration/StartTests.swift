// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// `start`, without containerd.
  @Suite struct StartTests {
    /// `wait` also proves that nobody holds the output any more: containerd reads to its end.
    @Test func startPrintsTheAddressAndNothingElse() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.start("a")
        #expect(ending.status == 0)
        #expect(ending.errors == "")
        let address = "\(host.folder.path)/containerd.sock/test/a"
        let digest = try Subprocess(["sha256sum"], input: .bytes(Array(address.utf8))).wait()
        #expect(ending.output == "unix://\(host.socketFolder)/\(digest.output.prefix(64))")
        #expect(Files.read("\(host.bundle("a"))/address") == ending.output)

        let socket = ShimClient.socket(of: ending.output)
        #expect(Files.mode(socket) == 0o600)
        #expect(Files.mode(host.socketFolder) & 0o077 == 0)
        let client = try ShimClient(ending.output)
        #expect(Processes.number("PPid", of: try client.shimPID) != Int(getpid()))
        #expect(try client.connect("a").taskPid == 0)
      }
    }

    @Test func theUsualFolderAndNoOptions() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.shim(host.arguments("a", "start"), in: host.bundle("a"))
        #expect(ending.output.hasPrefix("unix:///run/containerd/s/"))
        #expect(ending.status == 0)
        #expect(try host.create(ShimClient(ending.output), "a") > 0)
      }
    }

    @Test func optionsOfOlderContainerds() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let options =
          try Google_Protobuf_Any.with {
            $0.typeURL = "runtimeoptions.v1.Options"
            $0.value = Data([0x12, 6] + Array("/tmp/x".utf8))
          }.serializedBytes() as [UInt8]
        let ending = try host.shim(
          host.arguments("a", "start"), in: host.bundle("a"), input: .bytes(options))
        #expect(ending.status == 0)
        #expect(ending.output.hasPrefix("unix:///run/containerd/s/"))
      }
    }

    @Test func garbageForOptionsIsRefused() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.shim(
          host.arguments("a", "start"), in: host.bundle("a"), input: .bytes([0xff, 0xff, 0xff]))
        #expect(ending.status == 1)
        #expect(ending.errors.contains("neither BootstrapParams nor options"))
        #expect(host.processes.isEmpty)
      }
    }

    @Test func aSecondStartFindsTheFirstShim() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let again = try host.start("a")
        #expect(again.output == Files.read("\(host.bundle("a"))/address"))
        #expect(try ShimClient(again.output).shimPID == client.shimPID)

        // A group is one shim, too.
        let group = ["io.containerd.runc.v2.group": "a"]
        let member = try host.launch("b", annotations: group)
        #expect(try member.shimPID == client.shimPID)
        #expect(Files.read("\(host.bundle("b"))/address") == again.output)
      }
    }

    @Test func aDeadSocketIsReplaced() throws {
      try ShimHost.run { host in
        let first = try host.launch("a").shimPID
        let address = try #require(Files.read("\(host.bundle("a"))/address"))
        kill(first, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(first) }
        #expect(Files.exists(ShimClient.socket(of: address)))
        let again = try host.start("a")
        #expect(again.output == address)
        #expect(try ShimClient(address).shimPID != first)
      }
    }

    @Test func coreSchedulingIsAccepted() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.start("a", environment: ["SCHED_CORE": "1"])
        // A kernel without it refuses (EINVAL, ENODEV), in words.
        if ending.status != 0 {
          #expect(ending.errors.contains("cannot start the daemon"))
          #expect(host.processes.isEmpty)
          #expect(Files.names(in: host.socketFolder) == [])
        }
      }
    }

    @Test func debugComesWithTheBootstrapParams() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.start("a", debug: true)
        let shim = try ShimClient(ending.output).shimPID
        #expect(Processes.commandLine(of: shim).contains("-debug"))
      }
    }

    @Test(arguments: [
      (["-nonsense", "start"], 2, "flag provided but not defined: -nonsense"),
      (["-id", "a", "start"], 1, "shim namespace cannot be empty"),
      (["-namespace", "test", "-id", "a", "halt"], 2, "unknown action halt"),
      (["-namespace", "test", "-id"], 2, "flag needs an argument: -id"),
    ])
    func wrongCommandLines(arguments: [String], status: Int32, words: String) throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let ending = try host.shim(arguments, in: host.bundle("a"))
        #expect(ending.status == status)
        #expect(ending.errors.contains(words))
        #expect(ending.errors.contains("Usage: ") == (status == 2))
        #expect(ending.output == "")
      }
    }

    @Test(arguments: ["start", "delete"]) func badIdsTouchNothing(action: String) throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let before = Files.names(in: host.bundle("a"))
        for id in ["../x", "", "a/b", "..", String(repeating: "a", count: 77), "a b"] {
          let ending = try host.shim(host.arguments(id, action), in: host.bundle("a"))
          #expect(ending.status == 1)
          #expect(ending.output == "")
          let other = try host.shim(
            host.arguments("a", action, namespace: "../x"), in: host.bundle("a"))
          #expect(other.status == 1)
        }
        #expect(Files.names(in: host.bundle("a")) == before)
        #expect(host.processes.isEmpty)
      }
    }

    /// As containerd asks: any options, or none, in its own working directory, before there is a bundle.
    @Test(arguments: [
      nil, "runtimeoptions.v1.Options", "containerd.runc.v1.Options",
      "containerd.linux.runc.CreateOptions", "somebody.Else", "",
    ]) func infoHandsTheOptionsBack(type: String?) throws {
      let options = Google_Protobuf_Any.with {
        $0.typeURL = type ?? ""
        $0.value = Data(type == "" ? [] : [0x12, 2, 0x2f, 0x78])
      }
      let bytes: [UInt8] = type == nil ? [] : try options.serializedBytes()
      let folder = try TemporaryFolder()
      for command in [[], ["sh", "-c", "rmdir \"$PWD\"; exec \"$@\"", "sh"]] {
        let info = try Subprocess(
          command + [try ShimBinary.path(), "-info"], directory: folder.path, input: .bytes(bytes)
        ).wait()
        #expect(info.status == 0)
        #expect(info.errors == "")
        let answer = try RuntimeInfo(serializedBytes: info.outputBytes)
        #expect(answer.name == "com.example.sample.v2")
        #expect(answer.version.version != "")
        #expect(answer.hasOptions == !bytes.isEmpty)
        #expect(answer.options == (bytes.isEmpty ? Google_Protobuf_Any() : options))
        #expect(!answer.hasFeatures)
      }
    }

    @Test func infoWithoutAnInput() throws {
      let info = try run("sh", "-c", "exec \"$0\" -info <&-", try ShimBinary.path())
      #expect(info.status == 0)
      #expect(info.errors == "")
      #expect(try !RuntimeInfo(serializedBytes: info.outputBytes).hasOptions)
      let garbage = try Subprocess([try ShimBinary.path(), "-info"], input: .bytes([0xff])).wait()
      #expect(garbage.status == 1)
      #expect(garbage.errors.contains("standard input holds no options"))
      #expect(garbage.output == "")
    }

    @Test func versionNeedsNothing() throws {
      let version = try run(ShimBinary.path(), "-v")
      #expect(version.status == 0)
      #expect(version.output.hasPrefix("\(ShimBinary.sample):\n  Version:  "))
      #expect(version.errors == "")
    }
  }
}
