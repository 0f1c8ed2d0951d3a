// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration.ResourceTests {
  /// Fewer on a slow machine.
  private static let rounds =
    ProcessInfo.processInfo.environment["OOM_ROUNDS"].flatMap { Int($0) } ?? 50
  /// A shell that makes a string longer and longer would take a slow machine seconds.
  private static let glutton = "exec busybox dd if=/dev/zero of=/dev/null bs=64M"
  private static let killed = ["create", "start", "oom", "exit"].map { "/tasks/\($0)" }
  private static let killedAndDeleted = killed + ["/tasks/delete"]

  /// Version 1 tells of a group that is out of memory, and may do so twice before a kill.
  private static func toldOnce(_ topics: [String]) -> [String] {
    if OCIVariant.hasVersion2 { return topics }
    return topics.reduce(into: []) { told, topic in
      if topic != "/tasks/oom" || told.last != topic { told.append(topic) }
    }
  }

  /// Many kills, five at once, each told before the exit that came of it.
  @Test func outOfMemory() throws {
    try ShimHost.run(ShimBinary.oci) { host in
      let busybox = try Busybox(in: host.folder.path)
      let client = try host.launch("shim")
      let all = (1...Self.rounds).map { "\(Self.id)-\($0)" }
      for first in stride(from: 0, to: all.count, by: 5) {
        let ids = all[first..<min(first + 5, all.count)]
        let creations = try ids.map { id in
          try host.makeBundle(id)
          let spec = busybox.spec("sh", "-c", Self.glutton, of: id, memory: 16_777_216)
          try host.write(spec, to: "config.json", of: id)
          var request = host.createRequest(id)
          request.options = .init(
            packing: OCIVariant.options(root: "\(host.folder.path)/runc"))
          return try client.begin("Create", request)
        }
        for creation in creations { _ = try client.finish(creation, as: CreateTaskResponse.self) }
        for method in ["Start", "Wait", "Delete"] {
          // The ids are in the same fields of all these requests.
          let calls = try ids.map { id in try client.begin(method, StateRequest.with { $0.id = id })
          }
          for call in calls { _ = try client.finish(call) }
        }
      }
      for id in all {
        try eventually("the last event of \(id)") {
          try host.events.topics(of: id).last == "/tasks/delete"
        }
        let told = Self.toldOnce(try host.events.topics(of: id))
        #expect(told == Self.killedAndDeleted, "\(id)")
      }
    }
  }

  /// As clients of containerd see them.
  @Test func outOfMemoryUnderContainerd() throws {
    try Containerd.run { containerd in
      let events = try EventStream(containerd)
      for round in 1...5 {
        let ending = try containerd.runContainer(
          Self.id, "sh", "-c", Self.glutton, flags: ["--memory-limit", "16777216"])
        #expect(ending.status == 137)
        try events.wait(for: "/tasks/delete", of: Self.id, count: round)
      }
      let told = Self.toldOnce(events.topics(of: Self.id))
      #expect(told == (1...5).flatMap { _ in Self.killedAndDeleted })
    }
  }

  /// An exec is killed, and init lives on.
  @Test func outOfMemoryInAnExec() throws {
    try Containerd.run { containerd in
      let events = try EventStream(containerd)
      try containerd.runSleeper(Self.id, flags: ["--memory-limit", "16777216"])
      let exec = try containerd.ctr(
        "task", "exec", "--exec-id", "e", Self.id, "sh", "-c", Self.glutton)
      #expect(exec.status == 137)
      try events.wait(for: "/tasks/exit", of: Self.id)
      let oom = try #require(events.topics(of: Self.id).firstIndex(of: "/tasks/oom"))
      #expect(oom < events.topics(of: Self.id).endIndex - 1)
      #expect(try containerd.task(Self.id)?.state == "RUNNING")
      try containerd.endTask(Self.id)
    }
  }

  /// Runs a shell that takes all memory when it gets SIGUSR1, and ends it while its shim is stopped.
  private func endBehindTheShimsBack(
    _ signal: Int32, _ trap: String = glutton, in containerd: Containerd, flags: [String] = []
  ) throws {
    let shell = "trap '\(trap)' USR1; sleep 100000 & wait"
    try containerd.remember(Self.id)
    try containerd.spawnCtr(
      ["run", "--detach", "--runtime", Containerd.oci] + flags
        + [Containerd.image, Self.id, "sh", "-c", shell]
    ).wait().expectSuccess()
    let pid = try #require(try containerd.task(Self.id)).pid
    try Processes.waitForTrap(SIGUSR1, of: pid)
    let group = try Self.group(of: pid)
    let shim = try containerd.shim(of: Self.id)
    kill(shim, SIGSTOP)
    defer { kill(shim, SIGCONT) }
    kill(pid, signal)
    try eventually("it has ended") { Processes.isZombie(pid) }
    guard OCIVariant.usesSystemd else { return }
    try eventually("systemd has removed its group") { !Files.exists(group) }
  }

  /// Of version 2.
  private static func group(of pid: Int32) throws -> String {
    let line = (Files.read("/proc/\(pid)/cgroup") ?? "").split(separator: "\n").last ?? ""
    return "/sys/fs/cgroup\(line.dropFirst("0::".count))"
  }

  /// systemd removes the group, and what the kernel has counted in it, with its last process.
  /// The status of a shell does not tell of its child's death.
  @Test(arguments: [glutton, "(\(glutton)); exit 9"])
  func outOfMemoryInAGroupThatIsGone(trap: String) throws {
    try Containerd.run { containerd in
      let events = try EventStream(containerd)
      try endBehindTheShimsBack(
        SIGUSR1, trap, in: containerd, flags: ["--memory-limit", "16777216"])
      try events.wait(for: "/tasks/exit", of: Self.id)
      #expect(Self.toldOnce(events.topics(of: Self.id)) == Self.killed)
      try containerd.ctr("task", "rm", Self.id).expectSuccess()
    }
  }

  @Test func killedInAGroupThatIsGone() throws {
    try Containerd.run { containerd in
      let events = try EventStream(containerd)
      try endBehindTheShimsBack(SIGKILL, in: containerd, flags: ["--memory-limit", "16777216"])
      try events.wait(for: "/tasks/exit", of: Self.id)
      #expect(events.topics(of: Self.id) == Self.killed.filter { $0 != "/tasks/oom" })
      try containerd.ctr("task", "rm", Self.id).expectSuccess()
    }
  }

  /// The limit is that of the group above, as a pod's is; the container has none.
  @Test(.enabled(if: OCIVariant.hasVersion2, "of version 1 the container's own limit counts"))
  func outOfMemoryOfAPod() throws {
    let pod = "shimtest\(getpid())" + (OCIVariant.usesSystemd ? ".slice" : "")
    let folder = "/sys/fs/cgroup/\(pod)"
    if OCIVariant.usesSystemd {
      try Subprocess(["systemctl", "set-property", "--runtime", pod, "MemoryMax=16M"]).wait()
        .expectSuccess()
    } else {
      try Files.makeFolder(folder)
      try "16777216".write(toFile: "\(folder)/memory.max", atomically: false, encoding: .utf8)
    }
    defer {
      if OCIVariant.usesSystemd {
        _ = try? Subprocess(["systemctl", "stop", pod]).wait()
        _ = try? Subprocess(["systemctl", "revert", pod]).wait()
      } else {
        rmdir(folder)
      }
    }
    let group = OCIVariant.usesSystemd ? "\(pod):test:\(Self.id)" : "/\(pod)/\(Self.id)"
    try Containerd.run { containerd in
      let events = try EventStream(containerd)
      let ending = try containerd.runContainer(
        Self.id, "sh", "-c", Self.glutton, flags: ["--cgroup", group])
      #expect(ending.status == 137)
      try events.wait(for: "/tasks/delete", of: Self.id)
      #expect(events.topics(of: Self.id) == Self.killedAndDeleted)
      try endBehindTheShimsBack(SIGUSR1, in: containerd, flags: ["--cgroup", group])
      try events.wait(for: "/tasks/exit", of: Self.id, count: 2)
      #expect(events.topics(of: Self.id) == Self.killedAndDeleted + Self.killed)
      try containerd.ctr("task", "rm", Self.id).expectSuccess()
    }
  }

  /// All that the root has, though neither the OCI runtime nor anybody else passes it on.
  @Test(.enabled(if: OCIVariant.hasVersion2, "version 1 has a hierarchy for each"))
  func allControllersReachTheContainer() throws {
    let root = "/sys/fs/cgroup"
    let pod = "/shimtest\(getpid())"
    let group = "\(pod)/container"
    try Files.makeFolder(root + group)
    defer { for folder in [group, pod] { rmdir(root + folder) } }
    func words(_ file: String) -> Set<Substring> {
      Set((Files.read(root + file) ?? "").split { $0.isWhitespace })
    }
    #expect(words("\(group)/cgroup.controllers") == [])
    try ShimHost.run(ShimBinary.oci) { host in
      let client = try host.launch("a", environment: ["FAKE_GROUP": group])
      let _: CreateTaskResponse = try client.call(
        "Create", Integration.RuntimeFaultTests.create(host, "a"))
      #expect(words("\(group)/cgroup.controllers").contains("memory"))
      #expect(words("\(group)/cgroup.controllers") == words("/cgroup.controllers"))
      // What is below it is its own to decide.
      #expect(words("\(group)/cgroup.subtree_control") == [])
    }
  }

  /// Also those that nobody can count fast enough, and a container that is paused.
  @Test(.enabled(if: OCIVariant.hasVersion2, "by the kernel's cgroup.kill"))
  func killAllNeedsNoRuntime() throws {
    try Containerd.run { containerd in
      let runtime = "\(containerd.folder)/no-kill"
      let name = OCIVariant.runtime.isEmpty ? "runc" : OCIVariant.runtime
      try "#!/bin/sh\ncase \" $* \" in *' kill '*) exit 1 ;; esac\nexec \(name) \"$@\"\n".write(
        toFile: runtime, atomically: false, encoding: .utf8)
      chmod(runtime, 0o755)
      let table = "\(containerd.folder)/options.toml"
      try "BinaryName = '\(runtime)'\n\(OCIVariant.driver)".write(
        toFile: table, atomically: false, encoding: .utf8)
      let events = try EventStream(containerd)
      try containerd.runSleeper(
        Self.id,
        flags: ["--runtime-config-path", table, "--cgroup", OCIVariant.cgroup(Self.id)])
      let client = try containerd.client(Self.id)
      let term = KillRequest.with {
        $0.id = Self.id
        $0.signal = 15
        $0.all = true
      }
      #expect(try client.refusal("Kill", term).code == RPCError.unknown)
      try containerd.ctr("task", "pause", Self.id).expectSuccess()
      try client.kill(Self.id, 9, all: true)
      #expect(try events.wait(for: "/tasks/exit", of: Self.id).status == 137)
      try containerd.ctr("task", "rm", Self.id).expectSuccess()
    }
  }
}
