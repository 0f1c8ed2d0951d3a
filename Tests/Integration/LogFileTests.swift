// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Files that take a process's output, on disks that are full, slow or away: who writes them is a
  /// process of its own, and nobody else waits.
  @Suite struct LogFileTests {
    /// A container of the fake runtime. One that ends by itself may have before it could be started.
    private static func create(
      _ host: ShimHost, _ client: ShimClient, stdout: String, starts: Bool = true
    ) throws {
      var request = RuntimeFaultTests.create(host, "a")
      request.stdout = stdout
      request.stderr = stdout
      let _: CreateTaskResponse = try client.call("Create", request)
      if starts { _ = try client.start("a") }
    }

    private static func log(_ host: ShimHost) throws -> Collector {
      Collector(try Handle.open("\(host.bundle("a"))/log", O_RDWR | O_NONBLOCK))
    }

    private static func end(_ client: ShimClient) throws {
      try client.kill("a", 9)
      #expect(try client.wait("a").exitStatus == 137)
      _ = try client.delete("a")
    }

    /// A disk of the test's own.
    private static func withDisk(
      _ host: ShimHost, _ options: String, _ body: (_ disk: String) throws -> Void
    ) throws {
      let disk = "\(host.folder.path)/disk"
      try Files.makeFolder(disk)
      try run("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk).expectSuccess()
      defer { _ = try? run("umount", "-l", disk) }
      try body(disk)
    }

    @Test func aFileThatIsThereIsAppendedTo() throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "numbers"]) { host, client in
        try host.folder.write("file", "before\n")
        let file = "\(host.folder.path)/file"
        try Self.create(host, client, stdout: file, starts: false)
        #expect(try client.wait("a").exitStatus == 0)
        _ = try client.delete("a")
        let numbers = (1...200_000).map { "\($0)\n" }.joined()
        #expect(Files.read(file) == "before\n" + numbers)
      }
    }

    @Test func aFileThatIsNotThere() throws {
      try RuntimeFaultTests.run([:]) { host, client in
        var request = RuntimeFaultTests.create(host, "a")
        request.stdout = "\(host.folder.path)/nowhere"
        let refusal = try client.refusal("Create", request)
        #expect(refusal.code == 5)
      }
    }

    /// While it lasts the process goes on; what it prints later is in the file, from the start of a line.
    /// The log says so twice.
    @Test func aDiskThatIsFullForAWhile() throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "flood"]) { host, client in
        let log = try Self.log(host)
        try Self.withDisk(host, "size=256k") { disk in
          let filler = "\(disk)/filler"
          try String(repeating: "x", count: 200 * 1024)
            .write(toFile: filler, atomically: false, encoding: .utf8)
          try Self.create(host, client, stdout: "file://\(disk)/log")
          try log.wait(for: "the loss") {
            $0.text.contains("output is dropped until it can be written")
          }
          #expect(log.text.contains("No space left on device"))
          unlink(filler)
          try log.wait(for: "the return") {
            $0.text.contains("output is written again") && $0.text.contains("dropped_bytes=")
          }
          #expect(try client.state("a").status == .running)
          try Self.end(client)
          let lines = (Files.read("\(disk)/log") ?? "").split(separator: "\n")
          #expect(lines.count > 10_000)
          #expect(lines.allSatisfy { $0 == "y" })
        }
      }
    }

    @Test func aDiskThatStaysFull() throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "numbers"]) { host, client in
        let log = try Self.log(host)
        try Self.withDisk(host, "size=64k") { disk in
          try Self.create(host, client, stdout: "file://\(disk)/log", starts: false)
          #expect(try client.wait("a").exitStatus == 0)
          _ = try client.delete("a")
          try log.wait(for: "the loss") { $0.text.contains("msg=deleted") }
          let dropped = (1...200_000).reduce(0) { $0 + "\($1)\n".utf8.count } - 65536
          #expect(log.text.contains("output_bytes=65536 unread_bytes=0 dropped_bytes=\(dropped)"))
        }
      }
    }

    /// A server that is away for a while: the file is opened anew.
    @Test(arguments: ["EIO", "ESTALE", "EPERM"]) func aDiskThatFails(error: String) throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "flood"]) { host, client in
        let log = try Self.log(host)
        let file = "\(host.folder.path)/log"
        try Self.create(host, client, stdout: "file://\(file)")
        let injection = try Injection(
          into: try Self.writer(of: client), "write:error=\(error):when=1..2", path: file)
        try log.wait(for: "the loss") { $0.text.contains("output is dropped") }
        rename(file, "\(file).old")
        try log.wait(for: "the return") { $0.text.contains("output is written again") }
        #expect(Files.exists(file))
        withExtendedLifetime(injection) {}
        try Self.end(client)
      }
    }

    private static func writer(of client: ShimClient) throws -> Int32 {
      try #require(
        Processes.children(of: try client.shimPID).first {
          Processes.commandLine(of: $0).first == "shim:log-file"
        })
    }

    /// A limit that containerd's unit sets (LimitFSIZE=) ends the growth of the file alone.
    @Test func aFileSizeLimit() throws {
      try ShimHost.run(ShimBinary.oci) { host in
        let client = try host.launch(
          "a", environment: ["FAKE_CREATE": "flood"], wrapper: ["prlimit", "--fsize=100000"])
        let log = try Self.log(host)
        let file = "\(host.folder.path)/log"
        try Self.create(host, client, stdout: "file://\(file)")
        try log.wait(for: "the loss") { $0.text.contains("File too large") }
        #expect(try client.state("a").status == .running)
        try Self.end(client)
        #expect(Files.read(file)?.utf8.count == 100_000)
      }
    }

    /// A frozen file system, as for a snapshot: whoever writes to it stays in the kernel.
    @Test func aDiskThatIsFrozen() throws {
      try RuntimeFaultTests.run(["FAKE_CREATE": "flood"]) { host, client in
        let image = "\(host.folder.path)/image"
        let disk = "\(host.folder.path)/disk"
        try Files.makeFolder(disk)
        try run("truncate", "-s", "16M", image).expectSuccess()
        try run("mkfs.ext4", "-qF", image).expectSuccess()
        try run("mount", "-o", "loop", image, disk).expectSuccess()
        defer { _ = try? run("umount", disk) }
        try Self.create(host, client, stdout: "file://\(disk)/log")
        try eventually("something is written") { (Files.read("\(disk)/log") ?? "").count > 0 }
        try run("fsfreeze", "-f", disk).expectSuccess()
        do {
          defer { _ = try? run("fsfreeze", "-u", disk) }
          let writer = try Self.writer(of: client)
          try eventually("the writer waits for the disk") {
            Processes.field("State", of: writer)?.hasPrefix("D") ?? false
          }
          #expect(try client.state("a").status == .running)
          try client.kill("a", 9)
          #expect(try client.wait("a").exitStatus == 137)
        }
        _ = try client.delete("a")
      }
    }

    /// The runtime's program, or a logger's, is read from a slow disk: nobody else waits for that.
    @Test(arguments: [
      ("", "\(ShimBinary.root)/Tests/Support/fake-runtime.sh"), ("binary:///bin/cat", "/bin/cat"),
    ])
    func aProgramOnASlowDisk(stdout: String, program: String) throws {
      try RuntimeFaultTests.run([:]) { host, client in
        let shim = try client.shimPID
        let injection = try Injection(
          into: shim, "execve:delay_enter=1500000", path: program, children: true)
        var request = RuntimeFaultTests.create(host, "a")
        request.stdout = stdout
        let create = try client.begin("Create", request)
        /// Not yet its own program's, so it has the name of ours.
        var child: Int32?
        try eventually("the child is in execve") {
          child = Processes.children(of: shim).first {
            Processes.commandLine(of: $0) == Processes.commandLine(of: shim)
          }
          return child != nil
        }
        #expect(try client.refusal("State", StateRequest.with { $0.id = "a" }).code == 5)
        let line = Processes.commandLine(of: try #require(child))
        #expect(line == Processes.commandLine(of: shim), "the answer came after execve")
        _ = try client.finish(create)
        withExtendedLifetime(injection) {}
        try Self.end(client)
      }
    }
  }
}
