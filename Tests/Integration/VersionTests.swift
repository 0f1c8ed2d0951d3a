// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// The tour under each containerd, played by the test. Each test also proves that nothing is left.
  @Suite struct VersionTests {
    static let life = ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]
    static let group = ["io.containerd.runc.v2.group": "g"]

    /// What `--runtime-config-path` gives.
    static let options = Google_Protobuf_Any(
      packing: CRIOptions.with { $0.configPath = "/tmp/x" })

    /// Waits until these events have come, and no others.
    static func expectEvents(
      _ topics: [String], of id: String = "a", _ driver: ContainerdDriver
    ) throws {
      try eventually("events of \(id)", told: { "\(driver.events.topics)" }) {
        try driver.events.topics(of: id).count >= topics.count
      }
      #expect(try driver.events.topics(of: id) == topics)
    }

    @Test(arguments: ContainerdVersion.allCases) func aTaskLives(version: ContainerdVersion) throws
    {
      try ContainerdDriver.run(version) { driver in
        let pid = try driver.create("a")
        let client = try driver.client("a")
        #expect(try client.state("a").status == .created)
        #expect(try client.start("a") == pid)
        let state = try client.state("a")
        #expect(state.status == .running)
        #expect(state.pid == UInt32(pid))
        #expect(state.bundle == driver.bundle("a").path)

        let wait = try client.begin("Wait", WaitRequest.with { $0.id = "a" })
        try client.kill("a", 15)
        #expect(try client.finish(wait, as: WaitResponse.self).exitStatus == 143)
        #expect(try client.state("a").status == .stopped)
        #expect(try driver.delete("a").exitStatus == 143)
        try Self.expectEvents(Self.life, driver)
        let exit = try driver.events.last("/tasks/exit", as: TaskExit.self)
        #expect(exit.pid == UInt32(pid) && exit.exitStatus == 143)
      }
    }

    /// The folder of sockets is the version's, and both files name the shim.
    @Test(arguments: ContainerdVersion.allCases) func theShimIsFound(version: ContainerdVersion)
      throws
    {
      try ContainerdDriver.run(version) { driver in
        try driver.startShim("a")
        let address = try driver.bundle("a").read("address")
        #expect(address.hasPrefix("unix://\(driver.command.socketFolder)/"))
        if version.keepsBootstrap {
          let file = Array(try driver.bundle("a").read("bootstrap.json").utf8)
          #expect(try BootstrapResult(json: file).address == address)
        }
        #expect(try driver.client("a").connect("a").taskPid == 0)
        try driver.abandon("a")
      }
    }

    @Test(arguments: ContainerdVersion.allCases) func outputArrives(version: ContainerdVersion)
      throws
    {
      try ContainerdDriver.run(version) { driver in
        let output = "\(driver.folder)/out"
        try Files.makeFifo(output)
        let reader = try Collector(fifo: output)
        try driver.run("a", stdout: output)
        try reader.wait(for: "a date", AttachTests.showsADate)
        try driver.end("a")
        try reader.waitForEnd()
      }
    }

    @Test(arguments: ContainerdVersion.allCases) func optionsAreTaken(version: ContainerdVersion)
      throws
    {
      try ContainerdDriver.run(version) { driver in
        try driver.run("a", options: Self.options)
        #expect(try driver.end("a").exitStatus == 143)
      }
    }

    @Test(arguments: ContainerdVersion.allCases.filter(\.asksForInfo)) func infoIsToldToWhoeverAsks(
      version: ContainerdVersion
    ) throws {
      try ContainerdDriver.run(version) { driver in
        let info = try driver.info()
        #expect(info.name == "com.example.sample.v2")
        #expect(!info.version.version.isEmpty)
        #expect(!info.hasOptions)
        #expect(try driver.info(options: Self.options).options == Self.options)
      }
    }

    @Test(arguments: ContainerdVersion.allCases) func aGroupIsOneShim(version: ContainerdVersion)
      throws
    {
      try ContainerdDriver.run(version) { driver in
        try driver.run("a", annotations: Self.group)
        try driver.run("b", annotations: Self.group)
        let shim = try driver.client("a").connect("a").shimPid
        #expect(try driver.client("b").connect("b").shimPid == shim)
        #expect(try driver.bundle("b").read("address") == driver.bundle("a").read("address"))

        try driver.end("a")
        #expect(try driver.client("b").state("b").status == .running)
        try driver.run("c", annotations: Self.group)
        #expect(try driver.client("c").connect("c").shimPid == shim)
        try driver.end("b")
        try driver.end("c")
        try eventually("the shim has ended") { Processes.isGone(Int32(shim)) }
        for id in ["a", "b", "c"] { try Self.expectEvents(Self.life, of: id, driver) }
      }
    }

    @Test(arguments: ContainerdVersion.allCases) func oneIdManyTimes(version: ContainerdVersion)
      throws
    {
      try ContainerdDriver.run(version) { driver in
        for _ in 1...3 {
          try driver.run("a")
          #expect(try driver.end("a").exitStatus == 143)
        }
        try Self.expectEvents(Self.life + Self.life + Self.life, driver)
      }
    }
  }
}
