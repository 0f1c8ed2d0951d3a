// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

extension Integration {
  /// The daemon as a process: what it holds, what it hands on, how it ends.
  @Suite struct DaemonTests {
    /// Descriptors 0 to 2 are containerd's one pipe: the daemon must hold nothing of it.
    @Test func whatIsOursIsNotTheCommands() throws {
      try ShimHost.run { host in
        let client = try host.launch("a", environment: ["NOTIFY_SOCKET": "/x", "THEIRS": "y"])
        let command = try host.create(client, "a")
        try eventually("it is executed") { Processes.commandLine(of: command).contains("held") }
        let all = String(
          decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(command)/environ")),
          as: UTF8.self)
        #expect(all.contains("THEIRS=y"))
        #expect(!all.contains("NOTIFY_SOCKET") && !all.contains("GLIBC_TUNABLES"))
      }
    }

    @Test func theDaemonHoldsOnlyItsOwnDescriptors() throws {
      try ShimHost.run { host in
        let leak = try Handle.open("/etc/passwd", O_RDONLY)
        let client = try host.launch("a", inherited: [9: leak, 77: leak])
        try host.create(client, "a")
        let command = try client.start("a")
        _ = try Processes.sleep(of: command)  // no longer loading its libraries
        let shim = try client.shimPID
        try eventually("the events are delivered") { host.events.topics.count == 2 }

        var kinds: [String: Int] = [:]
        for (number, target) in Processes.descriptors(of: shim) {
          let kind = target.hasPrefix("socket:") ? "socket" : target
          kinds[kind, default: 0] += 1
          if number <= 2 { #expect(target == "/dev/null") }
        }
        let log = "\(host.bundle("a"))/log"
        // Sockets: listener, this client and containerd's events.
        #expect(kinds.removeValue(forKey: "socket") == 3)
        // The standard streams, and the reserve (DescriptorReserve).
        #expect(kinds.removeValue(forKey: "/dev/null") == 3 + 12)
        #expect(kinds.removeValue(forKey: log) == 1)
        #expect(kinds.removeValue(forKey: host.bundle("a")) == 1)
        // libevent's own, both ends.
        let pipes = kinds.filter { $0.key.hasPrefix("pipe:") }
        #expect(Array(pipes.values) == [2])
        for pipe in pipes.keys { kinds[pipe] = nil }
        let expected = ["[eventpoll]", "[signalfd]", "[timerfd]", "[pidfd]", "inotify"]
        for (kind, count) in kinds {
          #expect(expected.contains { kind.contains($0) }, "\(kind)")
          #expect(count <= 2, "\(kind)")
        }
        #expect(
          Processes.descriptors(of: command) == [0: "/dev/null", 1: "/dev/null", 2: "/dev/null"])
      }
    }

    @Test func theUmaskIsTheCommands() throws {
      try ShimHost.run { host in
        let client = try host.launch("a", wrapper: ["sh", "-c", "umask 027; exec \"$@\"", "sh"])
        try host.create(client, "a")
        let command = try client.start("a")
        #expect(Processes.field("Umask", of: command) == "0027")
        // The shell blocks signals itself while it forks.
        try eventually("no signal is blocked") {
          Processes.field("SigBlk", of: command) == String(repeating: "0", count: 16)
        }
        let address = try #require(Files.read("\(host.bundle("a"))/address"))
        #expect(Files.mode(ShimClient.socket(of: address)) == 0o600)
      }
    }

    @Test func theOpenFileLimitIsTheCommands() throws {
      try ShimHost.run { host in
        let client = try host.launch(
          "a", wrapper: ["sh", "-c", "ulimit -Sn 512; exec \"$@\"", "sh"])
        try host.create(client, "a")
        let limits = try #require(Files.read("/proc/\(try client.start("a"))/limits"))
        #expect(limits.contains(#/Max open files +512 /#))
        let own = try #require(Files.read("/proc/\(try client.shimPID)/limits"))
        #expect(!own.contains(#/Max open files +512 /#))
      }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalEndsTheDaemonInOrder(signal: Int32) throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let shim = try client.shimPID
        kill(shim, signal)
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(Files.names(in: host.socketFolder) == [])
        #expect(try client.connection.receive() == nil)
      }
    }

    /// containerd has died before it could say Create, or Shutdown. One with a task stays.
    @Test func aShimThatNobodyUsesEnds() throws {
      try ShimHost.run { host in
        let grace = ["CONTAINERD_SHIM_GRACE": "1"]
        let used = try host.launch("used", environment: grace)
        try host.create(used, "used")
        let usedPID = try used.shimPID
        used.connection.close()

        let deleted = try host.launch("deleted", environment: grace)
        try host.create(deleted, "deleted")
        _ = try deleted.delete("deleted")
        let deletedPID = try deleted.shimPID
        deleted.connection.close()

        // Nobody has ever connected to this one: of the group's processes it is the only one left.
        try host.makeBundle("neverUsed")
        try host.start("neverUsed", environment: grace).expectSuccess()
        try eventually("two of three are gone") {
          host.processes.filter { Processes.commandLine(of: $0).contains("-namespace") }
            == [usedPID]
        }
        #expect(Processes.isGone(deletedPID))
        #expect(Files.names(in: host.socketFolder).count == 1)
      }
    }

    @Test func aLogThatIsNoneIsTold() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let log = "\(host.bundle("a"))/log"
        unlink(log)
        try Files.makeFolder(log)
        let ending = try host.start("a")
        #expect(ending.status == 1)
        #expect((ending.output + ending.errors).contains("log is no FIFO"))
        #expect(Files.names(in: host.socketFolder) == [])
      }
    }

    @Test func theStateIsDumpedToTheLog() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        // As containerd does, which holds both ends.
        let log = Collector(try Handle.open("\(host.bundle("a"))/log", O_RDWR | O_NONBLOCK))
        let client = try ShimClient(host.start("a").output)
        let pid = try host.create(client, "a")
        kill(try client.shimPID, SIGUSR1)
        try log.wait(for: "the dump") { $0.text.contains("msg=task") }
        let state = try #require(log.lines.first { $0.contains("msg=state") })
        #expect(state.contains("connections=1"))
        #expect(state.contains("longest_turn=\"TTRPC/FrameChannel.swift "))
        let task = try #require(log.lines.first { $0.contains("msg=task") })
        #expect(task.contains("id=a") && task.contains("pid=\(pid)"))
        #expect(task.contains("state=created"))
        #expect(log.lines.allSatisfy { $0.hasPrefix("time=\"") })
      }
    }

    /// Nobody reads it: lines are dropped, and counted once there is room.
    @Test func aFullLogHoldsUpNobody() throws {
      try ShimHost.run { host in
        try host.makeBundle("a")
        let fifo = try Handle.open("\(host.bundle("a"))/log", O_RDWR | O_NONBLOCK)
        let client = try ShimClient(host.start("a").output)
        let shim = try client.shimPID
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        while write(fifo.number, line, line.count) > 0 {}
        while write(fifo.number, line, 1) > 0 {}
        let pid = try host.create(client, "a")
        #expect(try client.start("a") == pid)
        // Start's line follows its answer in the same turn: after a further answer it is dropped.
        #expect(try client.state("a").status == .running)
        let log = Collector(fifo)
        try log.wait(for: "what has filled it") { $0.text.contains("xxxx") }
        kill(shim, SIGUSR1)
        try log.wait(for: "the count") { $0.text.contains("msg=\"log lines dropped\" count=2") }
      }
    }

    @Test func theLastShutdownEndsTheDaemonAfterItsEvents() throws {
      try ShimHost.run { host in
        let client = try host.launch("a")
        let pid = try host.create(client, "a")
        let shim = try client.shimPID
        try client.shutdown("a")
        #expect(try client.state("a").status == .created)  // it still has a task
        let command = try client.start("a")
        #expect(command == pid)
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        #expect(try client.delete("a").exitStatus == 137)
        try client.shutdown("a")
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(
          host.events.topics == ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"])
        #expect(host.events.envelopes.allSatisfy { $0.namespace == host.namespace })
        #expect(Files.names(in: host.socketFolder) == [])
      }
    }
  }
}
