// SPDX-License-Identifier: Apache-2.0

import CgroupMetrics
import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// What a container uses, what it may use, and what happens beyond that.
  @Suite struct ResourceTests {
    static let id = "resources-\(getpid())"

    /// Stats of a container of containerd's own shim; and ours of another, whose only process a fake
    /// runtime has put into the same group. All of it sleeps.
    @Test func statsAreThoseOfContainerdsShim() throws {
      try Containerd.run { containerd in
        try containerd.runSleeper(
          Self.id, runtime: CompareTests.stock, flags: ["--memory-limit", "104857600"])
        let group = "/\(Containerd.namespace)/\(Self.id)"
        try ShimHost.run(ShimBinary.oci) { host in
          let client = try host.launch("a", environment: ["FAKE_GROUP": group])
          let _: CreateTaskResponse = try client.call(
            "Create", RuntimeFaultTests.create(host, "a"))
          var theirs = Google_Protobuf_Any()
          var ours = theirs
          // The kernel may still sort its pages.
          try eventually("nothing has changed between two looks") {
            theirs = try Self.stats(containerd.client(Self.id), Self.id)
            ours = try Self.stats(client, "a")
            return try Self.stats(containerd.client(Self.id), Self.id) == theirs
          }
          #expect(ours.typeURL == theirs.typeURL)
          if ours.typeURL == CgroupV1Metrics.protoMessageName {
            try Self.compare(CgroupV1Metrics.self, ours, theirs)
          } else {
            try Self.compare(CgroupV2Metrics.self, ours, theirs) { $0.keepWhat16Tells() }
          }
        }
        try containerd.endTask(Self.id)
      }
    }

    @Test func update() throws {
      try Containerd.run { containerd in
        try containerd.runSleeper(Self.id, flags: ["--memory-limit", "104857600"])
        let client = try containerd.client(Self.id)
        func request(_ resources: String) -> UpdateTaskRequest {
          .with {
            $0.id = Self.id
            $0.resources.typeURL =
              "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"
            $0.resources.value = Data(resources.utf8)
          }
        }
        let _: Google_Protobuf_Empty = try client.call(
          "Update", request(#"{"memory":{"limit":52428800}}"#))
        #expect(try Self.memoryLimit(Self.stats(client, Self.id)) == 52_428_800)
        let refusal = try client.refusal("Update", request("{"))
        #expect(refusal.code == RPCError.unknown)
        #expect(refusal.message.hasPrefix("OCI runtime update failed: "))
        let bundle = containerd.bundle(Self.id)
        #expect(Files.names(in: bundle).filter { $0.hasPrefix("resources") } == [])
        try client.kill(Self.id, 9)
        _ = try client.wait(Self.id)
        #expect(
          try client.refusal("Update", request("{}")).message == "cannot update a stopped container"
        )
        // systemd removes a scope as soon as it is empty; otherwise the group lives until Delete.
        if !OCIVariant.usesSystemd {
          #expect(try Self.stats(client, Self.id).value.isEmpty == false)
        }
        try containerd.awaitState(Self.id, "STOPPED")
        try containerd.ctr("task", "rm", Self.id).expectSuccess()
      }
    }

    private static func stats(_ client: ShimClient, _ id: String) throws -> Google_Protobuf_Any {
      let response: StatsResponse = try client.call("Stats", StatsRequest.with { $0.id = id })
      return response.stats
    }

    private static func memoryLimit(_ stats: Google_Protobuf_Any) throws -> UInt64 {
      stats.typeURL == CgroupV1Metrics.protoMessageName
        ? try CgroupV1Metrics(serializedBytes: stats.value).memory.usage.limit
        : try CgroupV2Metrics(serializedBytes: stats.value).memory.usageLimit
    }

    private static func compare<Metrics: Message & Equatable>(
      _ type: Metrics.Type, _ ours: Google_Protobuf_Any, _ theirs: Google_Protobuf_Any,
      change: (inout Metrics) -> Void = { _ in }
    ) throws {
      var (ours, theirs) = try (
        Metrics(serializedBytes: ours.value), Metrics(serializedBytes: theirs.value)
      )
      change(&ours)
      change(&theirs)
      let lines = (ours.textFormatString(), theirs.textFormatString())
      #expect(
        ours == theirs,
        "\(lines.0.split(separator: "\n").difference(from: lines.1.split(separator: "\n")))")
    }
  }
}

extension CgroupV2Metrics {
  /// The shims of containerd 1.6 tell neither peaks nor pressure, and pages of any size first.
  fileprivate mutating func keepWhat16Tells() {
    memory.maxUsage = 0
    memory.swapMaxUsage = 0
    memory.clearPsi()
    cpu.clearPsi()
    io.clearPsi()
    hugetlb.sort { $0.pagesize < $1.pagesize }
  }
}
