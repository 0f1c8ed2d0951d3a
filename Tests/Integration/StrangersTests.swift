// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Processes of others whose control group has the same name as a container's, or is the same: they are
  /// never ended, and what is known to be the container's is.
  @Suite(.disabled(if: OCIVariant.usesSystemd, "paths of cgroupfs")) struct StrangersTests {
    /// A container of the OCI runtime in a group, with a hook in its namespaces that hangs.
    static func writeSpec(
      _ id: String, _ host: ShimHost, _ busybox: Busybox, group: String, hangs: Bool = false,
      sharesPIDs: Bool = false, command: [String] = ["sleep", "100000"]
    ) throws {
      let text = busybox.spec("true", of: id)
      var spec = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      var linux = try #require(spec["linux"] as? [String: Any])
      linux["cgroupsPath"] = group
      if sharesPIDs { linux["namespaces"] = [["type": "mount"]] }
      spec["linux"] = linux
      var process = try #require(spec["process"] as? [String: Any])
      process["args"] = command
      spec["process"] = process
      if hangs {
        let hook = "\(host.folder.path)/hook"
        try "#!/bin/sh\n: >'\(host.folder.path)/at-work'\nexec sleep 100000\n".write(
          toFile: hook, atomically: true, encoding: .utf8)
        chmod(hook, 0o755)
        spec["hooks"] = ["createContainer": [["path": hook]]]
      }
      let bytes = try JSONSerialization.data(withJSONObject: spec)
      try host.write(String(decoding: bytes, as: UTF8.self), to: "config.json", of: id)
    }

    static func create(_ host: ShimHost, _ id: String) -> CreateTaskRequest {
      var request = host.createRequest(id)
      request.options = .init(packing: OCIVariant.options(root: "\(host.folder.path)/r"))
      return request
    }

    enum Joining: CaseIterable { case nobody, before, after, afterInOneHierarchy }

    /// The shim is killed while the runtime makes its container.
    @Test(arguments: Joining.allCases) func aCreateThatIsCutShort(joining: Joining) throws {
      let beside = try TemporaryGroup("outer/swift-\(getpid())/a")
      let hierarchy = joining == .afterInOneHierarchy ? "cpu" : "pids"
      let group = try TemporaryGroup("a", in: hierarchy, exists: joining == .before)
      let neighbour = try Subprocess(["sleep", "100000"])
      try beside.add(neighbour.pid)
      let mate = try Subprocess(["sleep", "100000"])
      if joining == .before { try group.add(mate.pid) }
      try ShimHost.run(ShimBinary.oci) { host in
        let busybox = try Busybox(in: host.folder.path)
        let client = try host.launch("a")
        try Self.writeSpec("a", host, busybox, group: group.path, hangs: true)
        let shim = try client.shimPID
        _ = try client.begin("Create", Self.create(host, "a"))
        try eventually("the hook works") { Files.exists("\(host.folder.path)/at-work") }
        let members = { try self.members(of: group.folder) }
        if [.after, .afterInOneHierarchy].contains(joining) { try group.add(mate.pid) }
        #expect(try members().count > 1)
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }

        let ending = try host.delete("a")
        #expect(ending.status == 0)
        #expect(!neighbour.hasExited)
        #expect(!mate.hasExited)
        let left = try members().filter { $0 != mate.pid }
        if joining == .nobody {
          #expect(left == [])
          #expect(ending.errors == "")
        } else {
          // The hook, and who waits for it: nobody knows whose they are.
          #expect(!left.isEmpty)
          #expect(joining == .before || ending.errors.contains("processes ["))
          for pid in left { kill(pid, SIGKILL) }
        }
        for process in [neighbour, mate] {
          process.kill(SIGKILL)
          _ = try process.wait()
        }
        try eventually("the group is empty") { try members().isEmpty }
        Self.removeGroups(group.path)
      }
      withExtendedLifetime((beside, group)) {}
    }

    private func members(of folder: String) throws -> [Int32] {
      (Files.read("\(folder)/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }

    /// The runtime's, of all hierarchies.
    static func removeGroups(_ path: String) {
      for name in Files.names(in: "/sys/fs/cgroup") + ["."] {
        for path in [path, (path as NSString).deletingLastPathComponent] {
          rmdir("/sys/fs/cgroup/\(name)\(path)")
        }
      }
    }

    /// The runtime is killed while it makes a container, and its shim lives.
    @Test(arguments: [false, true]) func aRuntimeThatIsCutShort(groupIsThere: Bool) throws {
      let group = try TemporaryGroup("a", exists: groupIsThere)
      let faults = [
        "FAKE_CREATE": "half", "FAKE_GROUP": group.path, "FAKE_NEW_GROUP": group.folder,
      ]
      try RuntimeFaultTests.run(faults) { host, client in
        try host.write(
          #"{"linux":{"cgroupsPath":"\#(group.path)"}}"#, to: "config.json", of: "a")
        let refusal = try client.refusal("Create", RuntimeFaultTests.create(host, "a"))
        #expect(refusal.message.hasSuffix("did not terminate successfully: exit status 137"))
        let shim = try client.shimPID
        let expected = (groupIsThere ? ["100000", "100001"] : ["100001"]).map { ["sleep", $0] }
        try eventually("only others are left") {
          let left = Processes.children(of: shim).map(Processes.commandLine)
          return left.sorted { $0.last ?? "" < $1.last ?? "" } == expected
        }
        for process in Processes.children(of: shim) { kill(process, SIGKILL) }
        try client.shutdown("a")
      }
      withExtendedLifetime(group) {}
    }

    /// A runtime names another container's init as that of the new one.
    @Test func aPidFileThatNamesASibling() throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "sibling", "FAKE_ID": "b"]) { host, client in
        let first: CreateTaskResponse = try client.call(
          "Create", RuntimeFaultTests.create(host, "a"))
        try host.makeBundle("b")
        let refusal = try client.refusal("Create", RuntimeFaultTests.create(host, "b"))
        #expect(refusal.message == "init.pid: process \(first.pid) is no child of ours")
        #expect(!Processes.isGone(Int32(first.pid)))
        #expect(try client.start("a") == Int32(first.pid))
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        let made = Processes.children(of: try client.shimPID)
        for process in made { kill(process, SIGKILL) }
        _ = try client.delete("a")
      }
    }

    /// Kill of all processes, and the end of what shares the host's pids, in a group that others use.
    @Test(arguments: [(15, false), (9, false), (15, true), (9, true)])
    func allOfAContainerThatSharesItsGroup(signal: Int32, sharesPIDs: Bool) throws {
      let group = try TemporaryGroup("a", in: "devices")
      let mate = try Subprocess(["sleep", "100000"])
      try ShimHost.run(ShimBinary.oci) { host in
        let busybox = try Busybox(in: host.folder.path)
        let client = try host.launch("a")
        let command = ["sh", "-c", "trap 'exit 3' TERM; sleep 100000 & sleep 100001 & wait"]
        try Self.writeSpec(
          "a", host, busybox, group: group.path, sharesPIDs: sharesPIDs, command: command)
        let created: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        _ = try client.start("a")
        try Processes.waitForTrap(15, of: Int32(created.pid))
        try group.add(mate.pid)
        let own = try eventually("it has two children") {
          let children = Processes.children(of: Int32(created.pid))
          return children.count == 2 ? children : nil
        }
        let request = KillRequest.with {
          $0.id = "a"
          $0.signal = UInt32(signal)
          $0.all = true
        }
        let _: Google_Protobuf_Empty = try client.call("Kill", request)
        let status = try client.wait("a").exitStatus
        #expect(status == (signal == 9 ? 137 : 3))
        try eventually("its processes are gone") { own.allSatisfy(Processes.isGone) }
        #expect(!mate.hasExited)
        if sharesPIDs { _ = try client.delete("a") }
        #expect(!mate.hasExited)
        mate.kill(SIGKILL)
        _ = try mate.wait()
        if !sharesPIDs { _ = try client.delete("a") }
        #expect(Files.names(in: "\(host.folder.path)/r/\(host.namespace)") == [])
      }
      Self.removeGroups(group.path)
      withExtendedLifetime(group) {}
    }

    /// The sample's processes are the host's: whose orphan one is cannot be told while several containers of
    /// a shim live.
    @Test func anOrphanOfASampleThatLives() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        _ = try host.launch("b", annotations: ["io.containerd.runc.v2.group": "a"])
        try host.create(client, "b")
        _ = try client.start("b")
        let _: Google_Protobuf_Empty = try client.call(
          "Exec",
          ExecProcessRequest.with {
            $0.id = "b"
            $0.execID = "e"
            $0.spec.value = Data(#"{"cwd":"/","args":["sh","-c","sleep 100000 &"]}"#.utf8)
          })
        let exec = StartRequest.with {
          $0.id = "b"
          $0.execID = "e"
        }
        let _: StartResponse = try client.call("Start", exec)
        let _: WaitResponse = try client.call("Wait", exec)
        let shim = try client.shimPID
        let orphan = try eventually("it has an orphan") {
          Processes.children(of: shim).first { Processes.commandLine(of: $0).last == "100000" }
        }
        try client.kill("a", 9)
        _ = try client.wait("a")
        _ = try client.delete("a")
        #expect(!Processes.isGone(orphan))
        try client.kill("b", 9)
        _ = try client.wait("b")
        try eventually("it goes with the last") { Processes.isGone(orphan) }
      }
    }

    /// The shim of a container is killed that shares its group, and the pids of the host, with others: runc's
    /// own `delete` would end all of the group.
    @Test func deleteSparesWhoSharesTheGroup() throws {
      let group = try TemporaryGroup("a", in: "devices")
      let mate = try Subprocess(["sleep", "100000"])
      try ShimHost.run(ShimBinary.oci) { host in
        let busybox = try Busybox(in: host.folder.path)
        let client = try host.launch("a")
        let command = ["sh", "-c", "(sleep 100000 &); trap 'exit 3' TERM; sleep 100001 & wait"]
        try Self.writeSpec(
          "a", host, busybox, group: group.path, sharesPIDs: true, command: command)
        let created: CreateTaskResponse = try client.call("Create", Self.create(host, "a"))
        let shim = try client.shimPID
        _ = try client.start("a")
        try Processes.waitForTrap(15, of: Int32(created.pid))
        try group.add(mate.pid)
        let orphan = try eventually("it has an orphan") {
          Processes.children(of: shim).first { Processes.commandLine(of: $0).last == "100000" }
        }
        kill(shim, SIGKILL)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        let ending = try host.delete("a")
        #expect(ending.errors.contains("\(mate.pid)"))
        #expect(try DeleteResponse(serializedBytes: ending.outputBytes).exitStatus == 137)
        try eventually("its own are gone") {
          Processes.isGone(orphan) && Processes.isGone(Int32(created.pid))
        }
        #expect(!mate.hasExited)
        #expect(Files.names(in: "\(host.folder.path)/r/\(host.namespace)") == [])
        mate.kill(SIGKILL)
        _ = try mate.wait()
      }
      Self.removeGroups(group.path)
      withExtendedLifetime(group) {}
    }

    /// Another containerd has a container of the same name in the runtime's folder: ours is refused, and
    /// `delete` leaves the other alone.
    @Test func aContainerOfTheSameName() throws {
      try ShimHost.run(ShimBinary.oci) { first in
        try ShimHost.run(ShimBinary.oci) { second in
          let busybox = try Busybox(in: first.folder.path)
          var clients: [ShimClient] = []
          for (host, group) in [(first, "one"), (second, "two")] {
            clients.append(try host.launch("a"))
            try Self.writeSpec("a", host, busybox, group: "/swift-\(getpid())/\(group)")
          }
          let created: CreateTaskResponse = try clients[0].call("Create", Self.create(first, "a"))
          var same = Self.create(second, "a")
          same.options = .init(packing: OCIVariant.options(root: "\(first.folder.path)/r"))
          #expect(throws: RPCError.self) {
            _ = try clients[1].finish(clients[1].begin("Create", same))
          }
          try clients[1].shutdown("a")
          #expect(try second.delete("a").status == 0)
          #expect(!Processes.isGone(Int32(created.pid)))
          #expect(try clients[0].start("a") == Int32(created.pid))
          try clients[0].kill("a", 9)
          _ = try clients[0].wait("a")
          _ = try clients[0].delete("a")
        }
      }
      Self.removeGroups("/swift-\(getpid())/two")
    }
  }
}
