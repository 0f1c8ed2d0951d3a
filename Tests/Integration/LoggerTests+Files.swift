// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import Testing

extension Integration.LoggerTests {
  @Test func aFileForBothOutputs() throws {
    try ShimHost.run { host in
      let file = "\(host.folder.path)/new/folder/file"
      let client = try host.launch("a")
      let request = host.createRequest(
        "a", stdout: "file://\(file)", stderr: "file:///nowhere/to/go")
      let _: CreateTaskResponse = try client.call("Create", request)
      #expect(Files.mode(file) == 0o644)
      #expect(Files.mode("\(host.folder.path)/new") == 0o755)
      let command = try client.start("a")
      try eventually("a date") { Files.read(file)?.hasSuffix("\n") ?? false }
      do {
        let errors = try Handle.open("/proc/\(command)/fd/2", O_WRONLY)
        try errors.write(Array("an error\n".utf8))
      }
      try eventually("the error") { Files.read(file)?.contains("an error\n") ?? false }
      try client.kill("a", 9)
      _ = try client.wait("a")
      _ = try client.delete("a")
    }
  }

  @Test func filesThatAreRefused() throws {
    try ShimHost.run { host in
      let folder = host.folder.path
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/link", withDestinationPath: "\(folder)/target")
      try Files.makeFifo("\(folder)/fifo")
      let client = try host.launch("a")
      for (name, words) in [
        ("link", "symbolic links"), ("", "directory"), ("fifo", "No such device"),
      ] {
        let request = host.createRequest("a", stdout: "file://\(folder)/\(name)")
        let refusal = try client.refusal("Create", request)
        #expect(refusal.message.contains(words), "\(refusal.message)")
      }
      #expect(!Files.exists("\(folder)/target"))
    }
  }

  /// In a mount namespace where /etc is the test's.
  @Test func onlyLoggersThatAreListed() throws {
    try ShimHost.run { host in
      let list = "/etc/containerd-shim-swift/loggers"
      let wrapper = [
        "unshare", "--mount", "sh", "-c",
        "mount -t tmpfs none /etc && mkdir /etc/containerd-shim-swift && echo /bin/true >\(list)"
          + " && exec \"$@\"",
        "sh",
      ]
      let client = try host.launch("a", wrapper: wrapper)
      let refusal = try client.refusal(
        "Create", host.createRequest("a", stdout: "binary:///bin/false"))
      #expect(refusal.code == RPCError.failedPrecondition)
      #expect(refusal.message.contains("logger /bin/false is not in \(list)"))
      try host.create(client, "a", stdout: "binary:///bin/true")
    }
  }

  /// Real containers, by runc and ctr.
  @Test func containersWithALogger() throws {
    try Containerd.run { containerd in
      let id = "shim-logger-\(getpid())"
      let path = "\(containerd.folder)/logger"
      try Self.make(path, Self.careful)
      for uri in ["binary://\(path)?x=1", "file://\(path).out"] {
        try? FileManager.default.removeItem(atPath: "\(path).out")
        let ending = try containerd.runContainer(
          id, "sh", "-c", "seq 1 20000; exit 7", flags: ["--log-uri", uri])
        #expect(ending.status == 7, "\(ending.errors)")
        #expect(Files.read("\(path).out") == (1...20_000).map { "\($0)\n" }.joined())
      }
      #expect(
        Files.read("\(path).environment")
          == "CONTAINER_ID=\(id)\nCONTAINER_NAMESPACE=\(Containerd.namespace)\n")
    }
  }
}
