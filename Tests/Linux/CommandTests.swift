// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

import struct SystemPackage.Errno

@testable import Linux

@Suite(.serialized) struct CommandTests {
  /// Runs a shell script with a pipe as its standard output and gives what it printed.
  private func output(
    of script: String, environment: Environment = ["PATH=/usr/bin:/bin"],
    openFiles: OpenFileLimit = .current
  ) throws -> String {
    var pipe = try Pipe()
    let readEnd = pipe.takeReadEnd()
    let writeEnd = pipe.takeWriteEnd()
    let command = Command(
      path: "/bin/sh", arguments: ["sh", "-c", script], environment: environment)
    let child = try command.spawn(
      descriptors: [Command.null, writeEnd.number, Command.null], openFiles: openFiles)
    _ = consume writeEnd
    let text = String(decoding: try readEnd.readAll(limit: 1 << 20), as: UTF8.self)
    // This very child: swift-testing has children of its own, and waits for them itself.
    #expect(waitpid(child.pid, nil, 0) == child.pid)
    return text
  }

  @Test func childGetsItsDescriptorsAndNoOther() throws {
    // One of ours that is not close-on-exec, as containerd may leave one open to us.
    var leak = try Pipe()
    let leaked = leak.takeReadEnd()
    #expect(fcntl(leaked.number, F_SETFD, 0) == 0)
    #expect(try output(of: "echo /proc/self/fd/*").split(separator: " ").count <= 4)
    #expect(try output(of: "readlink /proc/$$/fd/0 /proc/$$/fd/2") == "/dev/null\n/dev/null\n")
  }

  @Test func childHasDefaultSignals() throws {
    CurrentProcess.ignoreBrokenPipes()
    let status = try output(of: "exec cat /proc/self/status")
    for field in ["SigBlk", "SigIgn"] {
      #expect(status.contains("\(field):\t0000000000000000"), "\(field) in \(status)")
    }
  }

  @Test func childGetsTheGivenFileLimit() throws {
    let limit = OpenFileLimit(soft: 77, hard: OpenFileLimit.current.hard)
    #expect(try output(of: "ulimit -n", openFiles: limit) == "77\n")
  }

  /// The shim may hold more descriptors than its children are allowed.
  @Test func theLowerLimitDoesNotStandInTheWay() throws {
    let ours = (0..<100).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    defer { for descriptor in ours { close(descriptor) } }
    let limit = OpenFileLimit(soft: 50, hard: OpenFileLimit.current.hard)
    #expect(try output(of: "echo spawned", openFiles: limit) == "spawned\n")
  }

  @Test func failureOfExecComesBack() {
    let missing = Command(path: "/nonexistent", arguments: ["x"], environment: [])
    #expect(throws: Errno.noSuchFileOrDirectory) {
      _ = try missing.spawnAndWait(descriptors: [], openFiles: .current).pid
    }
  }

  /// The child has left our memory by the time it can be waited for.
  @Test(arguments: [
    (["/nonexistent", "/dev/null/x"], Errno.noSuchFileOrDirectory),
    (["/nonexistent", "/etc/passwd", "/nowhere"], .permissionDenied),
    (["/nonexistent", "/bin/true", "/etc/passwd"], nil),
  ])
  func theFirstThatIsThere(_ paths: [String], _ failure: Errno?) throws {
    var command = Command(path: "", arguments: ["x"], environment: [])
    command.paths = paths
    let child = try command.spawn(descriptors: [], openFiles: .current)
    var status: Int32 = 0
    #expect(waitpid(child.pid, &status, 0) == child.pid)
    #expect(child.birth.failure == failure)
    #expect(status == (failure == nil ? 0 : 127 << 8))
  }

  @Test func descriptorsMayCrossEachOther() throws {
    // The child's 1 is our 0 to 2 in some order: no dup2 may overwrite what is still needed.
    #expect(try output(of: "echo crossed; exec 1>&-") == "crossed\n")
  }

  /// Not one that need not be UTF-8.
  @Test func anEntryOfOurEnvironmentIsHandedOnAsItIs() throws {
    let value: [CChar] = [-1, 97, 0]
    setenv("COMMAND_TESTS", value, 1)
    setenv("COMMAND_TESTS_OTHER", "x", 1)
    var environment = Environment(withholding: ["COMMAND_TESTS_OTHER="])
    environment.set("ADDED", to: "1")
    environment.set("ADDED", to: "2")
    let script = "printf %s \"$COMMAND_TESTS\" | od -An -tx1; echo $COMMAND_TESTS_OTHER$ADDED"
    #expect(try output(of: script, environment: environment) == " ff 61\n2\n")
  }

  /// A fault of our own is no stray signal.
  @Test(arguments: [SIGSEGV, SIGABRT]) func aCrashIsNotIgnored(signal: Int32) throws {
    let child = try ChildProcess.copy(descriptors: [], openFiles: .current) {
      CurrentProcess.ignoreStraySignals()
      var none = rlimit()
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
      kill(getpid(), signal)
      if signal == SIGABRT { abort() }
      return UnsafePointer<Int32>(bitPattern: 8)!.pointee
    }
    var status: Int32 = 0
    #expect(waitpid(child.pid, &status, 0) == child.pid)
    #expect(status & 0x7f == signal)
  }
}
