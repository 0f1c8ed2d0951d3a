// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Testing

import struct SystemPackage.Errno

@testable import Stdio

/// The outputs of a process whose part is played by the test: nothing is lost, nothing hangs.
@Suite(.serialized) struct OutputTests {
  private let harness: StdioHarness
  private let path: String

  init() throws {
    harness = try StdioHarness()
    path = harness.makeFifo("stdout")
  }

  /// A process with this stdout: its end of the pipe is given to the test.
  private func process(_ path: String) throws -> (ProcessIO, writer: Int32) {
    let io = try ProcessIO(harness.hub, StdioPaths(stdin: "", stdout: path, stderr: ""))
    let writer = fcntl(io.childDescriptors[1], F_DUPFD_CLOEXEC, 3)
    io.closeChildEnds()
    return (io, writer)
  }

  private func put(_ text: String, _ writer: Int32) {
    #expect(write(writer, text, text.utf8.count) == text.utf8.count)
  }

  private func readAll(_ client: borrowing ClientEnd) -> String {
    var all: [UInt8] = []
    var ended = false
    harness.run {
      if let bytes = client.read() { all += bytes } else { ended = true }
      return ended
    }
    return String(decoding: all, as: UTF8.self)
  }

  @Test func aProcessThatIsGoneBeforeItsReaderComesIsReadWhole() throws {
    let (io, writer) = try process(path)
    var connected = false
    io.connect { error in
      #expect(error == nil)
      connected = true
    }
    put("last words", writer)
    close(writer)
    harness.settle()
    #expect(!connected, "Create is answered when the output has a reader")
    let client = ClientEnd(reading: path)
    harness.run { connected }
    #expect(readAll(client) == "last words")
    harness.run { io.isDrained }
  }

  /// An open for reading that blocks, for want of a writer, causes no event of inotify.
  @Test(arguments: [true, false]) func aReaderThatBlocksInItsOpen(_ comesFirst: Bool) throws {
    let (io, writer) = try process(path)
    let reader = Command(
      path: "/bin/cat", arguments: ["cat", path], environment: [])
    func startReader() throws -> Int32 {
      try reader.spawn(descriptors: [-1, -1, -1], openFiles: .current).pid
    }
    var connected = false
    func connect() {
      io.connect { error in
        #expect(error == nil)
        connected = true
      }
    }
    let process: Int32
    if comesFirst {
      process = try startReader()
      connect()
    } else {
      connect()
      harness.settle()
      #expect(!connected)
      process = try startReader()
    }
    harness.run { connected }
    put("x", writer)
    close(writer)
    harness.run { io.isDrained }
    #expect(waitpid(process, nil, 0) == process)
  }

  @Test func detachIsNeitherEndNorError() throws {
    let (io, writer) = try process(path)
    var client: ClientEnd? = ClientEnd(reading: path)
    io.connect { #expect($0 == nil) }
    put("one", writer)
    harness.run { client?.read() == Array("one".utf8) }
    client = nil
    put("two", writer)
    harness.settle()
    #expect(!io.isDrained)
    let second = ClientEnd(reading: path)
    harness.run { second.read() == Array("two".utf8) }
    put("three", writer)
    close(writer)
    #expect(readAll(second) == "three")
    harness.run { io.isDrained }
    #expect(io.bytesRelayed == 11 && io.bytesLeft == 0)
  }

  /// The process is gone, its client too, its last bytes lie in the FIFO: they wait.
  @Test func unreadOutputWaitsForTheNextReader() throws {
    let (io, writer) = try process(path)
    var client: ClientEnd? = ClientEnd(reading: path)
    io.connect { #expect($0 == nil) }
    _ = client?.read()
    client = nil
    put("unread", writer)
    close(writer)
    harness.run { io.bytesRelayed == 6 }
    harness.settle()
    #expect(!io.isDrained && io.bytesLeft == 6)
    let second = ClientEnd(reading: path)
    #expect(readAll(second) == "unread")
    harness.run { io.isDrained }
  }

  @Test func closeLetsGoOfEverything() throws {
    let before = descriptorCount()
    let (io, writer) = try process(path)
    let client = ClientEnd(reading: path)
    io.connect { #expect($0 == nil) }
    put("x", writer)
    harness.run { io.bytesRelayed == 1 }
    io.close()
    close(writer)
    #expect(io.isDrained)
    #expect(client.read() == [UInt8(ascii: "x")])
    #expect(client.read() == nil, "no writing end is left")
    #expect(descriptorCount() == before + 1, "the client's")
  }

  private func descriptorCount() -> Int {
    (0..<4096).filter { fcntl($0, F_GETFD) != -1 }.count
  }

  @Test func aFullDiskDoesNotStopTheProcess() throws {
    let (io, writer) = try process("/dev/full")
    io.connect { #expect($0 == nil) }
    for _ in 0..<3 {
      put(String(repeating: "x", count: 30_000), writer)
      harness.settle()
    }
    close(writer)
    harness.run { io.isDrained }
    #expect(io.bytesDropped == 90_000)
  }

  @Test func whatCannotBeOpenedIsAnError() throws {
    let missing = "\(harness.folder)/missing"
    let (io, writer) = try process(missing)
    var failure: StdioError?
    io.connect { failure = $0 }
    #expect(failure == .open(path: missing, .noSuchFileOrDirectory))
    close(writer)
  }

  @Test(arguments: ["weird:///x", "relative"]) func namesThatAreRefused(_ name: String) {
    let names = StdioPaths(stdin: "", stdout: name, stderr: "")
    #expect(throws: StdioError.self) { _ = try names.output() }
  }
}
