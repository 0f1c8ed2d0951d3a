// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Containers without a pid namespace of their own: no kernel ends what init leaves.
  @Suite struct SharedPIDTests {
    /// Delete follows at once, and finds nothing half done.
    @Test func nothingLivesWhenTheExitIsTold() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let _: ConnectResponse = try client.connect("keeper")
        for round in 1...50 {
          let id = "r\(round)"
          let pid = try host.create(
            client, id, ownPIDs: false, "sleep 100000 & (sleep 100000 &) ; sleep 100000 & exit 3")
          let group = try RealGroup(of: pid)
          let wait = try client.begin("Wait", WaitRequest.with { $0.id = id })
          _ = try client.start(id)
          #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 3)
          #expect(group.members == [])
          _ = try client.delete(id)
        }
      }
    }

    @Test(.enabled(if: !OCIVariant.usesSystemd), arguments: [false, true])
    func neighboursInTheSameGroupLive(killsAll: Bool) throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let other = try host.host.launch("c")
        let neighbour = try host.run(client, "a", ownPIDs: false, "sleep 100000 & wait")
        let far = try host.run(other, "c", groupOf: "a", "sleep 100000 & wait")
        let pid = try host.run(
          client, "b", ownPIDs: false, groupOf: "a", "sleep 100000 & (sleep 100001 &) ; wait")
        let stranger = try Subprocess(["sleep", "100000"])
        let group = try RealGroup(of: neighbour)
        try RealGroup.write("\(stranger.pid)", to: "\(group.pids)/cgroup.procs")
        let own = Set(
          try eventually("all are there") {
            let own = group.members.filter { Self.isIn(pid, $0) }
            let sleeps = own.filter { Processes.commandLine(of: $0).first == "sleep" }
            return own.count == 3 && sleeps.count == 2 ? own : nil
          })
        try eventually("the others too") { group.members.count == 3 + 5 }
        let all = Set(group.members)
        try client.kill("b", 9, all: killsAll)
        #expect(try client.wait("b").exitStatus == 137)
        for process in own { #expect(Processes.isGone(process)) }
        #expect(all.subtracting(own).isSubset(of: group.members))
        for process in [neighbour, far, stranger.pid] { #expect(!Processes.isGone(process)) }
        kill(stranger.pid, SIGKILL)
        _ = try stranger.wait()
        try host.end(other, "c")
        try host.end(client, "a")
        _ = try client.delete("b")
      }
    }

    /// In the same mounts, and so of the same container.
    private static func isIn(_ init: Int32, _ pid: Int32) -> Bool {
      let links = [`init`, pid].map {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/ns/mnt")
      }
      return links[0] != nil && links[0] == links[1]
    }

    /// An exec that has left the container's group is ended by its pid.
    @Test func anExecElsewhere() throws {
      let elsewhere = try TemporaryGroup("elsewhere")
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        _ = try host.run(client, "a", ownPIDs: false, "sleep 100000")
        let exec = try host.exec(client, "a", "e", "sleep 100000 & wait")
        let child = try eventually("its child") { Processes.children(of: exec).first }
        for pid in [exec, child] {
          try elsewhere.add(pid)
          // By this hierarchy of version 1 runc knows a container's processes.
          if !OCIVariant.hasVersion2 {
            try RealGroup.write("\(pid)", to: "/sys/fs/cgroup/devices/cgroup.procs")
          }
        }
        try host.end(client, "a")
        #expect(Processes.isGone(exec))
        #expect(Processes.isGone(child))
      }
      withExtendedLifetime(elsewhere) {}
    }

    @Test func aFrozenRest() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(
          client, "a", ownPIDs: false, "sleep 100000 & read x </dev/null; wait")
        let child = try eventually("a child") { Processes.children(of: pid).first }
        try RealGroup(of: pid).freezeBelow(child)
        try host.end(client, "a")
        #expect(Processes.isGone(child))
      }
    }

    /// They are born faster than one can look.
    @Test func aForkBomb() throws {
      try OCIHost.run { host in
        let client = try host.host.launch("a")
        let pid = try host.run(
          client, "a", ownPIDs: false, "f() { f & f & }; while :; do sleep 1; done")
        let group = try RealGroup(of: pid)
        try RealGroup.write("200", to: "\(group.pids)/pids.max")
        _ = try host.exec(client, "a", "e", "f() { sleep 0.01; f & f & wait; }; f & f & wait")
        try eventually("there are many") { group.members.count > 100 }
        try client.kill("a", 9)
        #expect(try client.wait("a").exitStatus == 137)
        #expect(group.members == [])
        _ = try client.delete("a")
      }
    }
  }
}
