// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
internal import SwiftProtobuf

/// What containerd is to a shim, without containerd: bundles, an events service, and calls of
/// `start` and `delete`.
package final class ShimHost {
  package static let namespace = "test"

  package let folder: TemporaryFolder
  package let events: EventSink
  private var bundles: [String] = []

  /// Runs a test, ends its shims by force, and proves that `delete` then removes everything.
  package static func run(_ body: (ShimHost) throws -> Void) throws {
    let host = try ShimHost()
    do {
      try body(host)
    } catch {
      try? host.end()
      throw error
    }
    try host.end()
  }

  private init() throws {
    folder = try TemporaryFolder()
    events = try EventSink(path: "\(folder.path)/events")
    try Files.makeFolder("\(folder.path)/b")
  }

  package var socketFolder: String { "\(folder.path)/s" }

  package func bundle(_ id: String) -> String { "\(folder.path)/b/\(id)" }

  package func makeBundle(_ id: String, annotations: [String: String] = [:]) throws {
    try Files.makeFolder(bundle(id))
    let spec = try JSONEncoder().encode(["annotations": annotations])
    try folder.write("b/\(id)/config.json", String(decoding: spec, as: UTF8.self))
    try Files.makeFifo("\(bundle(id))/log")
    bundles.append(id)
  }

  /// What containerd 2.3 writes to the standard input of `start`.
  package func bootstrap(_ id: String, debug: Bool = false) throws -> [UInt8] {
    try BootstrapParams.with {
      $0.instanceID = id
      $0.namespace = Self.namespace
      $0.logLevel = debug ? .debug : .info
      $0.containerdTtrpcAddress = "\(folder.path)/events"
      $0.socketDir = socketFolder
    }.serializedBytes()
  }

  package func arguments(_ id: String, _ action: String, namespace: String = namespace) -> [String]
  {
    [
      "-namespace", namespace, "-address", "\(folder.path)/containerd.sock", "-publish-binary",
      "/usr/bin/containerd", "-id", id, action,
    ]
  }

  package var environment: [String: String] { ["TTRPC_ADDRESS": "\(folder.path)/events"] }

  /// Runs the shim in a bundle.
  /// - Parameter wrapper: a command that gets the shim's command line as its last arguments.
  package func shim(
    _ arguments: [String], in bundle: String, input: Subprocess.Input = .null,
    environment: [String: String] = [:], wrapper: [String] = [], inherited: [Int32: Handle] = [:]
  ) throws -> Subprocess.Ending {
    try Subprocess(
      wrapper + [try ShimBinary.path()] + arguments,
      environment: self.environment.merging(environment) { $1 }, directory: bundle, input: input,
      inherited: inherited
    ).wait()
  }

  /// `start`, of a bundle that is there.
  package func start(
    _ id: String, environment: [String: String] = [:], wrapper: [String] = [],
    inherited: [Int32: Handle] = [:], debug: Bool = false
  ) throws -> Subprocess.Ending {
    try shim(
      arguments(id, "start"), in: bundle(id), input: .bytes(bootstrap(id, debug: debug)),
      environment: environment, wrapper: wrapper, inherited: inherited)
  }

  /// `start`, not waited for.
  package func beginStart(_ id: String) throws -> Subprocess {
    try Subprocess(
      [try ShimBinary.path()] + arguments(id, "start"), environment: environment,
      directory: bundle(id), input: .bytes(bootstrap(id)))
  }

  /// Makes a bundle, starts its shim and connects.
  package func launch(
    _ id: String, annotations: [String: String] = [:], environment: [String: String] = [:],
    wrapper: [String] = [], inherited: [Int32: Handle] = [:]
  ) throws -> ShimClient {
    try makeBundle(id, annotations: annotations)
    let ending = try start(
      id, environment: environment, wrapper: wrapper, inherited: inherited)
    try ending.expectSuccess()
    return try ShimClient(ending.output)
  }

  package func delete(_ id: String) throws -> Subprocess.Ending {
    try shim(arguments(id, "delete"), in: bundle(id))
  }

  package func createRequest(
    _ id: String, stdin: String = "", stdout: String = "", stderr: String = ""
  ) -> CreateTaskRequest {
    .with {
      $0.id = id
      $0.bundle = bundle(id)
      $0.stdin = stdin
      $0.stdout = stdout
      $0.stderr = stderr
    }
  }

  /// - Returns: the pid of the held process.
  @discardableResult
  package func create(_ client: ShimClient, _ id: String, stdout: String = "") throws -> Int32 {
    let response: CreateTaskResponse = try client.call(
      "Create", createRequest(id, stdout: stdout))
    return Int32(response.pid)
  }

  package var processes: [Int32] {
    Processes.working(below: folder.path).filter { !Processes.isGone($0) }
  }

  private func end() throws {
    // The shims, and not yet their commands: these are for `delete`, once nobody listens any more.
    let shims = processes.filter { Processes.commandLine(of: $0).contains("-namespace") }
    for pid in shims { kill(pid, SIGKILL) }
    try eventually("the shims are gone") { shims.allSatisfy(Processes.isGone) }
    let addresses = bundles.compactMap { Files.read("\(bundle($0))/address") }
    for id in bundles where Files.exists(bundle(id)) { try delete(id).expectSuccess() }
    defer { for pid in processes { kill(pid, SIGKILL) } }
    try eventually("no process is left", told: { Processes.describe(processes) }) {
      processes.isEmpty
    }
    let sockets = Files.names(in: socketFolder).map { "\(socketFolder)/\($0)" }
    let left = (sockets + addresses.map { String($0.dropFirst("unix://".count)) }).filter(
      Files.exists)
    guard left.isEmpty else { throw TestFailure("sockets are left: \(left)") }
  }
}
