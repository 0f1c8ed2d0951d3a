// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

/// containerd restarts.
extension Integration.VersionTests {
  @Test(arguments: ContainerdVersion.allCases) func aRunningTaskStays(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      let task = try driver.run("a")
      let shim = try driver.client("a").connect("a").shimPid
      driver.stop()
      #expect(!Processes.isGone(task))
      try driver.start()
      #expect(driver.knownTasks == ["a"])
      let client = try driver.client("a")
      #expect(try client.connect("a").shimPid == shim)
      let state = try client.state("a")
      #expect(state.status == .running && state.pid == UInt32(task))
      kill(Int32(shim), SIGUSR1)
      try driver.log("a").wait(for: "the state in the log") { $0.text.contains("msg=state") }
      #expect(try driver.end("a").exitStatus == 143)
      try Self.expectEvents(Self.life, driver)
    }
  }

  /// From 1.7 on a task whose Pids are empty would vanish here, with its exit status.
  @Test(arguments: ContainerdVersion.allCases) func aTaskThatExitedMeanwhileKeepsItsStatus(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      let task = try driver.run("a")
      try Self.expectEvents(["/tasks/create", "/tasks/start"], driver)
      driver.stop()
      kill(task, SIGTERM)
      try eventually("the command is gone") { Processes.isGone(task) }
      #expect(driver.events.topics == ["/tasks/create", "/tasks/start"])

      try driver.start()
      #expect(driver.knownTasks == ["a"])
      let state = try driver.client("a").state("a")
      #expect(state.status == .stopped && state.exitStatus == 143)
      #expect(state.pid == UInt32(task))
      // What happened meanwhile is told now, and Delete afterwards.
      try Self.expectEvents(["/tasks/create", "/tasks/start", "/tasks/exit"], driver)
      #expect(try driver.delete("a").exitStatus == 143)
      try Self.expectEvents(Self.life, driver)
    }
  }

  @Test(arguments: ContainerdVersion.allCases) func aGroupIsLoadedAgain(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      try driver.run("a", annotations: Self.group)
      try driver.run("b", annotations: Self.group)
      driver.stop()
      try driver.start()
      #expect(driver.knownTasks == ["a", "b"])
      try driver.end("a")
      try driver.end("b")
      try Self.expectEvents(Self.life, of: "a", driver)
      try Self.expectEvents(Self.life, of: "b", driver)
    }
  }

  /// No events: containerd does not know the task any more.
  @Test(arguments: ContainerdVersion.allCases) func aShimThatDiedMeanwhileIsRemoved(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      let task = try driver.run("a")
      try Self.expectEvents(["/tasks/create", "/tasks/start"], driver)
      let shim = Int32(try driver.client("a").connect("a").shimPid)
      driver.stop()
      kill(shim, SIGKILL)
      try eventually("the shim is gone") { Processes.isGone(shim) }
      try driver.start()
      #expect(driver.knownTasks == [])
      try eventually("the command is gone") { Processes.isGone(task) }
      #expect(driver.events.topics == ["/tasks/create", "/tasks/start"])
    }
  }

  /// containerd crashed between `start` and Create (containerd#6860).
  @Test(arguments: ContainerdVersion.allCases) func aShimWithoutATask(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      try driver.startShim("a")
      driver.stop()
      try driver.start()
      #expect(driver.knownTasks == (version.asksForPids ? [] : ["a"]))
      if !version.asksForPids { try driver.abandon("a") }
      #expect(driver.events.topics == [])
    }
  }

  @Test(arguments: [
    (ContainerdVersion.v16, ContainerdVersion.v17), (.v17, .v20), (.v20, .v23), (.v16, .v23),
  ]) func anUpgrade(old: ContainerdVersion, new: ContainerdVersion) throws {
    try ContainerdDriver.run(old) { driver in
      try driver.run("a")
      driver.stop()
      try driver.start(as: new)
      #expect(try driver.client("a").state("a").status == .running)
      try driver.run("b")
      #expect(try driver.end("a").exitStatus == 143)
      #expect(try driver.end("b").exitStatus == 143)
      try Self.expectEvents(Self.life, of: "a", driver)
      try Self.expectEvents(Self.life, of: "b", driver)
    }
  }

  /// Another shim of its group may have answered version 3.
  @Test(arguments: [ContainerdVersion.v20, .v23]) func theThirdTaskAPI(
    version: ContainerdVersion
  ) throws {
    try ContainerdDriver.run(version) { driver in
      try driver.run("a")
      driver.stop()
      let bundle = driver.bundle("a")
      var answer = try BootstrapResult(json: Array(bundle.read("bootstrap.json").utf8))
      answer.version = 3
      try bundle.write("bootstrap.json", answer.json)
      try driver.start()
      #expect(try driver.client("a").state("a").status == .running)
      #expect(try driver.end("a").exitStatus == 143)
      try Self.expectEvents(Self.life, driver)
    }
  }
}
