// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

/// What goes wrong.
extension Integration.VersionTests {
  @Test(arguments: ContainerdVersion.allCases) func aFailedCreateLeavesNothing(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      #expect(throws: RPCError.self) {
        try driver.create("a", annotations: ["io.kubernetes.cri.container-type": "container"])
      }
      #expect(driver.knownTasks == [])
      // Another life of the same id: its events come after all that could have come of the first.
      try driver.run("a")
      try driver.end("a")
      try Self.expectEvents(Self.life, driver)
    }
  }

  @Test(arguments: ContainerdVersion.allCases) func aFailedCreateLeavesItsGroupAlone(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      try driver.run("a", annotations: Self.group)
      let pod = ["io.kubernetes.cri.container-type": "container"]
      #expect(throws: RPCError.self) {
        try driver.create("b", annotations: Self.group.merging(pod) { $1 })
      }
      #expect(try driver.client("a").state("a").status == .running)
      try driver.end("a")
      try Self.expectEvents(Self.life, driver)
      #expect(try driver.events.topics(of: "b") == [])
    }
  }

  @Test(arguments: ContainerdVersion.allCases) func aKilledShim(version: ContainerdVersion) throws {
    try ContainerdDriver.run(version) { driver in
      let task = try driver.run("a")
      let sleep = try Processes.sleep(of: task)
      try Self.expectEvents(["/tasks/create", "/tasks/start"], driver)
      let shim = Int32(try driver.client("a").connect("a").shimPid)
      kill(shim, SIGKILL)
      try eventually("the shim is gone") { Processes.isGone(shim) }
      kill(sleep, SIGSTOP)  // it does not end by itself; not before, as in DeleteTests

      let response = try driver.loseShim(of: "a")
      #expect(response.exitStatus == 137)
      #expect(response.pid == UInt32(task))
      #expect(driver.knownTasks == [])
      // The last two are containerd's own.
      try Self.expectEvents(Self.life, driver)
      try eventually("command and sleep are gone") {
        Processes.isGone(task) && Processes.isGone(sleep)
      }

      try driver.run("a")
      #expect(try driver.end("a").exitStatus == 143)
      try Self.expectEvents(Self.life + Self.life, driver)
    }
  }

  @Test(arguments: ContainerdVersion.allCases) func aKilledShimOfAGroup(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      var tasks: [String: Int32] = [:]
      for id in ["a", "b"] {
        tasks[id] = try driver.run(id, annotations: Self.group)
        try Self.expectEvents(["/tasks/create", "/tasks/start"], of: id, driver)
      }
      kill(Int32(try driver.client("a").connect("a").shimPid), SIGKILL)
      for (id, task) in tasks {
        let response = try driver.loseShim(of: id)
        #expect(response.exitStatus == 137)
        #expect(response.pid == UInt32(task))
        try Self.expectEvents(Self.life, of: id, driver)
      }
    }
  }

  /// An event that cannot be delivered is told at debug level only.
  @Test(arguments: ContainerdVersion.allCases, [false, true]) func theLogLevel(
    version: ContainerdVersion, debug: Bool
  ) throws {
    try ContainerdDriver.run(version, debug: debug) { driver in
      try driver.create("a")
      try Self.expectEvents(["/tasks/create"], driver)
      let log = try driver.log("a")
      driver.events.stop()
      _ = try driver.client("a").start("a")
      if debug { try log.wait(for: "a debug line") { $0.text.contains("level=debug") } }
      try driver.events.serve()
      try driver.end("a")
      try Self.expectEvents(Self.life, driver)
      log.read(waiting: 0)
      #expect(log.text.contains("level=info"))
      #expect(log.text.contains("level=debug") == debug)
    }
  }
}
