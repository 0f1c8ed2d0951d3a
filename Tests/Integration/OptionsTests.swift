// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Options of the OCI runtime, as `start` and `-info` of `containerd-shim-swift-v2` take them.
  @Suite struct OptionsTests {
    private func shim() throws -> String { "\(try ShimBinary.folder())/containerd-shim-swift-v2" }

    private func options(_ table: String) throws -> [UInt8] {
      let message = CRIOptions.with { $0.configBody = Data(table.utf8) }
      let value: Data = try message.serializedBytes()
      return try Google_Protobuf_Any.with {
        $0.typeURL = "runtimeoptions.v1.Options"
        $0.value = value
      }.serializedBytes()
    }

    private func info(
      _ table: String, environment: [String: String] = [:]
    ) throws -> (info: RuntimeInfo, errors: String) {
      let ending = try Subprocess(
        [shim(), "-info"], environment: environment, input: .bytes(options(table))
      ).wait()
      #expect(ending.status == 0)
      return (try RuntimeInfo(serializedBytes: ending.outputBytes), ending.errors)
    }

    @Test func featuresAreTheRuntimes() throws {
      let (info, errors) = try info("BinaryName = 'runc'")
      #expect(errors == "")
      #expect(info.name == "io.containerd.swift.v2")
      #expect(
        info.features.typeURL
          == "types.containerd.io/opencontainers/runtime-spec/1/features/Features")
      #expect(info.features.value == Data(try run("runc", "features").outputBytes))
      #expect(try JSONSerialization.jsonObject(with: info.features.value) is [String: Any])
      let alone = try Subprocess([shim(), "-info"]).wait()
      #expect(try RuntimeInfo(serializedBytes: alone.outputBytes).features == info.features)
    }

    @Test(arguments: [
      ("no-such-runtime", "no-such-runtime is not in PATH"),
      ("/no/such/runtime", "/no/such/runtime features: No such file or directory"),
      ("false", "false features: no answer"), ("true", "true features: no answer"),
      ("yes", "yes features: File too large"),
    ]) func noFeatures(_ runtime: String, _ why: String) throws {
      let (info, errors) = try info("BinaryName = '\(runtime)'")
      #expect(!info.hasFeatures && info.hasOptions)
      #expect(errors == "containerd-shim-swift-v2: \(why)\n")
    }

    @Test func aRuntimeThatHangs() throws {
      let folder = try TemporaryFolder()
      try folder.write("hang", "#!/bin/sh\nexec sleep 100\n")
      chmod("\(folder.path)/hang", 0o755)
      let (info, errors) = try info("BinaryName = '\(folder.path)/hang'")
      #expect(!info.hasFeatures)
      #expect(errors.hasSuffix("features: Connection timed out\n"))
    }

    @Test func infoOfWrongOptions() throws {
      let (info, errors) = try info("Root = 1\n")
      #expect(!info.hasFeatures && info.hasOptions)
      #expect(errors.hasSuffix("line 1: Root is to be a string, not 1\n"))
    }

    private func start(_ host: ShimHost, _ table: String) throws -> Subprocess.Ending {
      try host.start("a", options: Google_Protobuf_Any(serializedBytes: try options(table)))
    }

    @Test func startRefusesWrongOptions() throws {
      try ShimHost.run(ShimBinary.oci) { host in
        try host.makeBundle("a")
        let ending = try start(host, "\nSystemdCgroup = 'yes'")
        #expect(ending.status == 1)
        #expect(ending.output == "")
        #expect(
          ending.errors == "containerd-shim-swift-v2: runtimeoptions.v1.Options: "
            + "line 2: SystemdCgroup is to be true or false, not a string\n")
      }
    }

    /// On a machine with cgroup v1, in one of its hierarchies.
    @Test func shimCgroup() throws {
      let root = Files.exists("/sys/fs/cgroup/cgroup.procs") ? "" : "/pids"
      let cgroup = "/sys/fs/cgroup\(root)/shim-test-\(getpid())"
      try ShimHost.run(ShimBinary.oci) { host in
        try host.makeBundle("a")
        let table = "ShimCgroup = '/shim-test-\(getpid())'"
        let refused = try start(host, table)
        #expect(refused.status == 1)
        #expect(
          refused.errors.hasSuffix(
            "shim_cgroup /shim-test-\(getpid()): No such file or directory\n"))
        #expect(Files.names(in: host.socketFolder) == [])

        try Files.makeFolder(cgroup)
        let ending = try start(host, table)
        #expect(ending.errors == "")
        let pid = try ShimClient(ending.output).shimPID
        #expect(Files.read("\(cgroup)/cgroup.procs") == "\(pid)\n")
      }
      try eventually("the cgroup is empty") { rmdir(cgroup) == 0 }
    }
  }
}
