// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// Both shims without containerd, called as containerd 1.6 does: Debian's takes no newer ways. (Support's
/// ShimHost has ours alone.)
final class PairHost {
  let folder: TemporaryFolder
  let events: EventSink
  /// Of containers.
  let trueSpec: String
  let sleepSpec: String
  private let busybox: Busybox
  private let command: ShimCommand
  /// By id, until each has ended.
  private var programs: [String: String] = [:]

  /// Proves at the end that nothing is left; after an error too, nothing is.
  static func run<Result>(_ body: (PairHost) throws -> Result) throws -> Result {
    let host = try PairHost()
    do {
      let result = try body(host)
      try host.expectNothingLeft()
      return result
    } catch {
      host.endByForce()
      throw error
    }
  }

  private init() throws {
    // In memory, as a node's /run is, where containerd has its bundles.
    folder = try TemporaryFolder(in: "/dev/shm")
    command = ShimCommand(.v16, in: folder.path)
    events = try EventSink(path: command.events)
    busybox = try Busybox(in: folder.path)
    try busybox.writeSpec("true", to: folder.path)
    trueSpec = Files.read("\(folder.path)/config.json") ?? ""
    try busybox.writeSpec("sleep", "100000", to: folder.path)
    sleepSpec = Files.read("\(folder.path)/config.json") ?? ""
  }

  var environment: [String: String] { command.environment }

  /// Of `start`.
  func arguments(_ id: String) -> [String] { command.start(id) }

  func bundle(_ id: String) -> String { "\(folder.path)/b/\(id)" }

  func makeBundle(_ id: String, _ spec: String) throws {
    try Files.makeFolder("\(bundle(id))/rootfs")
    try Files.write(spec, to: "\(bundle(id))/config.json")
    try Files.makeFifo("\(bundle(id))/log")
  }

  /// `start` of a program in a bundle that is there.
  func start(_ program: String, _ id: String) throws -> TimedRun {
    programs[id] = program
    let run = try TimedRun(
      [program] + command.start(id), environment: command.environment, directory: bundle(id))
    try run.expectSuccess()
    return run
  }

  /// Makes a bundle, starts a shim there and connects to it.
  func launch(_ shim: Shim, _ id: String, _ spec: String) throws -> HostedShim {
    try makeBundle(id, spec)
    // Of a container that was never created too, its `delete` wants to know the OCI runtime.
    if shim == .stock { try Files.write("runc", to: "\(bundle(id))/runtime") }
    // As containerd: with both ends, so that the shim's open never blocks.
    let log = try Handle.open("\(bundle(id))/log", O_RDWR | O_NONBLOCK)
    let run = try start(shim.program, id)
    return HostedShim(
      id: id, client: try ShimClient(run.output), log: log, startTime: run.milliseconds)
  }

  /// - Parameters:
  ///   - runtime: the path of the OCI runtime.
  ///   - mounts: the root file system, as containerd lets its shims do.
  func createRequest(_ id: String, runtime: String, mounts: Bool = true) throws -> CreateTaskRequest
  {
    try .with {
      $0.id = id
      $0.bundle = bundle(id)
      $0.rootfs = mounts ? [busybox.mount] : []
      $0.options = try .of(
        RuncOptions.with {
          $0.binaryName = runtime
          $0.root = "\(folder.path)/r"
        })
    }
  }

  /// What follows Delete: Shutdown, and the end of the connection.
  func shutDown(_ shim: HostedShim) throws {
    do {
      try shim.client.shutdown(shim.id)
      _ = try shim.client.connection.receive()
    } catch is ConnectionClosed {}  // it may be gone before its answer
  }

  /// `delete`, and the bundle's end.
  func remove(_ id: String) throws {
    guard let program = programs[id] else { return }
    try TimedRun(
      [program] + command.delete(id, bundle: bundle(id)), environment: command.environment,
      directory: bundle(id)
    ).expectSuccess()
    programs[id] = nil
    try removeBundle(id)
  }

  /// Of a shim that can no longer do it.
  func removeSocket(_ id: String) {
    if let address = Files.read("\(bundle(id))/address") { unlink(ShimClient.socket(of: address)) }
  }

  func removeBundle(_ id: String) throws { try FileManager.default.removeItem(atPath: bundle(id)) }

  private var processes: [Int32] {
    Processes.working(below: folder.path).filter { !Processes.isGone($0) }
  }

  private func expectNothingLeft() throws {
    try eventually("no process is left", told: { Processes.describe(processes) }) {
      processes.isEmpty
    }
    let left = Files.names(in: "\(folder.path)/b")
    guard left.isEmpty else { throw TestFailure("bundles are left: \(left)") }
  }

  private func endByForce() {
    for pid in processes { kill(pid, SIGKILL) }
    for id in programs.keys {
      removeSocket(id)
      try? remove(id)
    }
    for id in Files.names(in: "\(folder.path)/b") { umount2("\(bundle(id))/rootfs", 2) }
  }
}

/// A shim that has been started, and our one connection to it.
struct HostedShim {
  let id: String
  let client: ShimClient
  /// Where containerd reads what it says.
  let log: Handle
  /// Of its `start` (ms).
  let startTime: Double
}

extension Shim {
  /// The executable.
  var program: String {
    get throws {
      if self == .ours { return try ShimBinary.path(ShimBinary.oci) }
      let name = "containerd-shim-runc-v2"
      let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(
        separator: ":")
      guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
        throw TestFailure("there is no \(name) in PATH")
      }
      return "\(folder)/\(name)"
    }
  }
}

extension Google_Protobuf_Any {
  /// As containerd names what it sends.
  static func of(_ message: some Message) throws -> Self {
    try .with {
      $0.typeURL = type(of: message).protoMessageName
      $0.value = try message.serializedBytes()
    }
  }
}

extension Files {
  static func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }
}
