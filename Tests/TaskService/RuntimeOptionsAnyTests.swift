// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Runtime
import SwiftProtobuf
import Testing

@testable import TaskService

@Suite struct RuntimeOptionsAnyTests {
  private func any(_ type: String, _ message: (any Message)? = nil) throws -> Google_Protobuf_Any {
    var any = Google_Protobuf_Any()
    any.typeURL = type
    if let message { any.value = try message.serializedData() }
    return any
  }

  private func decode(_ any: Google_Protobuf_Any?) throws -> (RuntimeOptions, [String]) {
    var warnings: [String] = []
    return (try RuntimeOptions(decoding: any, warnings: &warnings), warnings)
  }

  private func words(_ any: Google_Protobuf_Any) -> String {
    var warnings: [String] = []
    do throws(RuntimeOptionsError) {
      return "\(try RuntimeOptions(decoding: any, warnings: &warnings))"
    } catch {
      return error.words
    }
  }

  @Test(arguments: [
    nil, "", "containerd.runc.v1.Options", "types.example/containerd.runc.v1.Options",
    "containerd.linux.runc.CreateOptions", "runtimeoptions.v1.Options",
  ]) func nothingIsTheDefaults(_ type: String?) throws {
    let (options, warnings) = try decode(type.map { try any($0) })
    #expect(options == RuntimeOptions())
    #expect(warnings == [])
  }

  @Test func runc() throws {
    let message = RuncOptions.with {
      $0.noPivotRoot = true
      $0.noNewKeyring = true
      $0.shimCgroup = "s"
      $0.ioUid = 1
      $0.ioGid = 2
      $0.binaryName = "crun"
      $0.root = "/r"
      $0.criuPath = "/c"
      $0.systemdCgroup = true
      $0.criuWorkPath = "/w"
    }
    let (options, _) = try decode(any("type.googleapis.com/a/containerd.runc.v1.Options", message))
    #expect(options.noPivotRoot && options.noNewKeyring && options.systemdCgroup)
    #expect([options.shimCgroup, options.binaryName, options.root] == ["s", "crun", "/r"])
    #expect([options.criuPath, options.criuWorkPath] == ["/c", "/w"])
    #expect([options.ioUID, options.ioGID] == [1, 2])
  }

  /// Field 3 is a switch there, and the cgroup in runc's options: each by its own numbers.
  @Test func legacy() throws {
    let message = LegacyCreateOptions.with {
      $0.noPivotRoot = true
      $0.externalUnixSockets = true
      $0.noNewKeyring = true
      $0.shimCgroup = "s"
      $0.ioUid = 1
      $0.ioGid = 2
      $0.criuWorkPath = "/w"
    }
    let (options, _) = try decode(any("containerd.linux.runc.CreateOptions", message))
    #expect(options.noPivotRoot && options.noNewKeyring && !options.systemdCgroup)
    #expect([options.shimCgroup, options.criuWorkPath] == ["s", "/w"])
    #expect([options.ioUID, options.ioGID] == [1, 2])
  }

  @Test(arguments: ["runtimeoptions.v1.Options", "cri.runtimeoptions.v1.Options"])
  func tables(_ type: String) throws {
    let path = "/tmp/options-\(UUID().uuidString).toml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("BinaryName = 'file'\nX = 1\n".utf8).write(to: URL(fileURLWithPath: path))
    let file = try any(type, CRIOptions.with { $0.configPath = path })
    var (options, warnings) = try decode(file)
    #expect(options.binaryName == "file")
    #expect(warnings == ["\(path): line 2: X is no option of this runtime"])

    // What CRI sends: the table, and no path.
    let body = CRIOptions.with { $0.configBody = Data("SystemdCgroup = true\nY = 1".utf8) }
    (options, warnings) = try decode(any(type, body))
    #expect(options.systemdCgroup && options.binaryName == "runc")
    #expect(warnings == ["\(type): line 2: Y is no option of this runtime"])
  }

  @Test func refusals() throws {
    let type = "runtimeoptions.v1.Options"
    func path(_ path: String) throws -> String {
      words(try any(type, CRIOptions.with { $0.configPath = path }))
    }
    #expect(words(try any("a.B")) == "runtime options are of the unknown type a.B")
    #expect(words(.with { $0.value = Data([1]) }) == "runtime options are of the unknown type ")
    let malformed = Google_Protobuf_Any.with {
      $0.typeURL = "x/\(type)"
      $0.value = Data([0xff])
    }
    #expect(words(malformed) == "runtime options are no \(type)")
    let body = CRIOptions.with { $0.configBody = Data("Root = 1".utf8) }
    #expect(words(try any(type, body)) == "\(type): line 1: Root is to be a string, not 1")
    #expect(try path("etc/x") == "config_path etc/x is no absolute path")
    #expect(try path("/nowhere/x") == "config_path /nowhere/x: No such file or directory")
    #expect(try path("/tmp") == "config_path /tmp is no regular file")
    #expect(try path("/dev/zero") == "config_path /dev/zero is no regular file")
    let long = "/tmp/options-\(UUID().uuidString).toml"
    defer { try? FileManager.default.removeItem(atPath: long) }
    try Data(repeating: 0x0a, count: 64 * 1024 + 1).write(to: URL(fileURLWithPath: long))
    #expect(try path(long) == "config_path \(long): File too large")
    let root = RuncOptions.with { $0.root = "/a\0b" }
    #expect(
      words(try any("containerd.runc.v1.Options", root))
        == "containerd.runc.v1.Options: a value holds a NUL")
    #expect(TaskError(RuntimeOptionsError("x")) == .invalid("x"))
  }

  /// Opened for reading, a FIFO without a writer would hold us up for ever.
  @Test func fifo() throws {
    let path = "/tmp/options-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(mkfifo(path, 0o600) == 0)
    let fifo = try any("runtimeoptions.v1.Options", CRIOptions.with { $0.configPath = path })
    #expect(words(fifo) == "config_path \(path) is no regular file")
  }
}
