// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

extension Integration {
  /// Containers that share a shim, which is what a pod is to it.
  @Suite struct PodTests {
    static let group = "io.containerd.runc.v2.group"
    static let sandbox = "io.kubernetes.cri.sandbox-id"
    static let life = ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]

    /// A sandbox, whose shim it is, and those who join it.
    struct Pod {
      let sandbox: String
      let annotation: String
      var members: [String]
      var ids: [String] { [sandbox] + members }

      init(_ name: String, _ annotation: String, members count: Int) {
        sandbox = "pod-\(getpid())-\(name)"
        self.annotation = annotation
        members = (1...count).map { [sandbox] in "\(sandbox)-\($0)" }
      }

      func run(_ id: String) -> [String] {
        [
          "run", "--detach", "--null-io", "--runtime", Containerd.oci,
          "--annotation", "\(annotation)=\(sandbox)", Containerd.image, id, "sleep", "100000",
        ]
      }
    }

    /// - Returns: the pods' shims. Each is the parent of its pod's containers, and of nobody else.
    @discardableResult
    private func expectOneShimEach(_ pods: [Pod], _ containerd: Containerd) throws -> [Int32] {
      let tasks = try containerd.tasks()
      #expect(tasks.count == pods.flatMap(\.ids).count)
      let shims = try pods.map { pod in
        let shim = try containerd.shim(of: pod.sandbox)
        let pids = try pod.ids.map { try #require(tasks[$0]).pid }
        #expect(Processes.children(of: shim).sorted() == pids.sorted())
        #expect(Set(try pod.ids.map(containerd.shimAddress)).count == 1)
        return shim
      }
      #expect(containerd.shimProcesses.sorted() == shims.sorted())
      return shims
    }

    private func remove(_ ids: [String]) -> [String] { ["task", "rm", "--force"] + ids }

    @Test func twentyPodsOfFive() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        var pods = (1...20).map {
          Pod("\($0)", $0 % 2 == 0 ? Self.group : Self.sandbox, members: 4)
        }
        for pod in pods { try containerd.remember(pod.sandbox) }
        try containerd.ctr(together: pods.map { $0.run($0.sandbox) })
        try containerd.ctr(together: pods.flatMap { pod in pod.members.map(pod.run) })
        let shims = try expectOneShimEach(pods, containerd)
        let before = try containerd.tasks()

        // As CRI restarts a container: another one in its place.
        let ended = pods.map { $0.members[0] }
        try containerd.ctr(together: ended.map { remove([$0]) })
        for index in pods.indices { pods[index].members[0] += "-again" }
        try containerd.ctr(together: pods.map { $0.run($0.members[0]) })
        #expect(try expectOneShimEach(pods, containerd) == shims)
        // `delete` ran for each that ended, and hit nobody else.
        let now = try containerd.tasks()
        for id in pods.flatMap({ [$0.sandbox] + $0.members.dropFirst() }) {
          #expect(try #require(now[id]) == #require(before[id]))
        }

        try containerd.ctr(together: pods.map { remove($0.members) })
        for index in pods.indices { pods[index].members = [] }
        #expect(try expectOneShimEach(pods, containerd) == shims)
        try containerd.ctr(together: pods.map { remove([$0.sandbox]) })
        try eventually("the shims are gone") { shims.allSatisfy(Processes.isGone) }

        let all = Set(before.keys).union(now.keys)
        #expect(all.count == 120)
        for id in all {
          try events.wait(for: "/tasks/delete", of: id)
          #expect(events.topics(of: id) == Self.life)
          #expect(events.events(of: id).suffix(2).map(\.status) == [137, 137])
        }
      }
    }

    @Test func fiftyContainersInOneShim() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        let pod = Pod("large", Self.group, members: 49)
        try containerd.remember(pod.sandbox)
        try containerd.ctr(together: [pod.run(pod.sandbox)])
        let shim = try containerd.shim(of: pod.sandbox)
        let before = try Footprint.whenAsleep(shim)
        try containerd.ctr(together: pod.members.map(pod.run))
        #expect(try expectOneShimEach([pod], containerd) == [shim])
        #expect(try Footprint.whenAsleep(shim).memory <= before.memory + 49 * 8)

        let sevenths = stride(from: 0, to: 49, by: 7).map { Array(pod.members[$0..<$0 + 7]) }
        try containerd.ctr(together: sevenths.map(remove))
        #expect(try Footprint.wait(for: before, of: shim).descriptors == before.descriptors)
        #expect(Processes.children(of: shim).count == 1)
        try containerd.ctr(together: [remove([pod.sandbox])])
        for id in pod.ids {
          try events.wait(for: "/tasks/delete", of: id)
          #expect(events.topics(of: id) == Self.life)
        }
      }
    }

    /// Shutdown is for the last one: before, it is answered and nothing more.
    @Test func shutdown() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        let pod = Pod("shutdown", Self.sandbox, members: 2)
        try containerd.remember(pod.sandbox)
        for id in pod.ids { try containerd.ctr(together: [pod.run(id)]) }
        let client = try containerd.client(pod.sandbox)
        let shim = try client.shimPID
        for id in pod.ids { try client.shutdown(id) }
        // As containerd calls it, besides `delete`, after a Create that fails.
        let failing = pod.run("\(pod.sandbox)-failing").dropLast(2) + ["/nonexistent"]
        #expect(try containerd.spawnCtr(Array(failing)).wait().status == 1)
        #expect(try expectOneShimEach([pod], containerd) == [shim])
        // Neither does it matter who goes first, or whether all that are left have ended.
        try containerd.ctr(together: [remove([pod.sandbox])])
        for id in pod.members {
          try client.kill(id, 9)
          try events.wait(for: "/tasks/exit", of: id)
        }
        try client.shutdown(pod.sandbox)
        #expect(try client.state(pod.members[0]).status == .stopped)
        #expect(Files.exists(try containerd.socket(pod.sandbox)))

        try containerd.ctr(together: [remove([pod.members[0]])])
        _ = try client.delete(pod.members[1])
        #expect(!Processes.isGone(shim), "before it is told to end")
        try client.shutdown(pod.members[1])
        try eventually("the shim is gone") { Processes.isGone(shim) }
        #expect(!Files.exists(try containerd.socket(pod.sandbox)))
      }
    }

    @Test func aKilledShimTakesItsPodAlone() throws {
      try Containerd.run { containerd in
        let events = try EventStream(containerd)
        let pods = ["a", "b"].map { Pod("killed-\($0)", Self.sandbox, members: 2) }
        for pod in pods {
          try containerd.remember(pod.sandbox)
          for id in pod.ids { try containerd.ctr(together: [pod.run(id)]) }
        }
        let shims = try expectOneShimEach(pods, containerd)
        let tasks = try containerd.tasks()
        kill(shims[0], SIGKILL)
        for id in pods[0].ids {
          #expect(try events.wait(for: "/tasks/delete", of: id).status == 137)
          #expect(events.topics(of: id) == Self.life)
          #expect(events.events(of: id)[2].pid == Int(try #require(tasks[id]).pid))
          #expect(Processes.isGone(try #require(tasks[id]).pid))
        }
        #expect(try expectOneShimEach([pods[1]], containerd) == [shims[1]])
        try containerd.ctr(together: [remove(pods[1].ids)])
      }
    }

    /// The group's annotation counts for more than the sandbox's, as with containerd's own shims.
    @Test func theGroupComesFirst() throws {
      try Containerd.run { containerd in
        let pod = Pod("both", Self.group, members: 2)
        try containerd.remember(pod.sandbox)
        let other = ["--annotation", "\(Self.sandbox)=\(pod.sandbox)-other"]
        try containerd.ctr(
          together: pod.ids.map { [pod.run($0)[0]] + other + pod.run($0).dropFirst() })
        try expectOneShimEach([pod], containerd)
        try containerd.ctr(together: [remove(pod.ids)])
      }
    }
  }
}
