// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
internal import Foundation
package import SwiftProtobuf

/// A shim without containerd: bundles, an events service, and single calls of `start` and `delete`,
/// also such as no containerd makes (ContainerdDriver plays a whole one).
package final class ShimHost {
  package let folder: TemporaryFolder
  package let events: EventSink
  /// Its calls are those of the newest version.
  private let command: ShimCommand
  private let program: String
  private var bundles: [String] = []

  /// Runs a test, ends its shims by force, and proves that `delete` then removes everything.
  package static func run(
    _ program: String = ShimBinary.sample, _ body: (ShimHost) throws -> Void
  ) throws {
    let host = try ShimHost(program)
    do {
      try body(host)
    } catch {
      try? host.end()
      throw error
    }
    try host.end()
  }

  private init(_ program: String) throws {
    self.program = program
    folder = try TemporaryFolder()
    command = ShimCommand(.v23, in: folder.path)
    events = try EventSink(path: command.events)
  }

  package var namespace: String { command.namespace }

  package var environment: [String: String] { command.environment }

  package var socketFolder: String { command.socketFolder }

  package func bundle(_ id: String) -> String { TaskBundle(id, command).path }

  package func makeBundle(_ id: String, annotations: [String: String] = [:]) throws {
    try TaskBundle(id, command).make(annotations: annotations)
    bundles.append(id)
  }

  /// Puts a file into a bundle.
  package func write(_ text: String, to name: String, of id: String) throws {
    try TaskBundle(id, command).write(name, text)
  }

  /// The command line of `start` or `delete`, which goes by the working directory.
  package func arguments(_ id: String, _ action: String, namespace: String? = nil) -> [String] {
    var command = command
    command.namespace = namespace ?? command.namespace
    return action == "start" ? command.start(id) : command.delete(id, bundle: nil)
  }

  /// Runs the shim in a bundle.
  /// - Parameter wrapper: a command that gets the shim's command line as its last arguments.
  package func shim(
    _ arguments: [String], in bundle: String, input: Subprocess.Input = .null,
    environment: [String: String] = [:], wrapper: [String] = [], inherited: [Int32: Handle] = [:]
  ) throws -> Subprocess.Ending {
    try Subprocess(
      wrapper + [try ShimBinary.path(program)] + arguments,
      environment: command.environment.merging(environment) { $1 }, directory: bundle, input: input,
      inherited: inherited
    ).wait()
  }

  /// `start`, of a bundle that is there.
  package func start(
    _ id: String, environment: [String: String] = [:], wrapper: [String] = [],
    inherited: [Int32: Handle] = [:], debug: Bool = false, options: Google_Protobuf_Any? = nil
  ) throws -> Subprocess.Ending {
    var told = command  // at debug level by the parameters alone
    told.debug = debug
    return try shim(
      arguments(id, "start"), in: bundle(id), input: told.input(id, options: options),
      environment: environment, wrapper: wrapper, inherited: inherited)
  }

  /// `start`, not waited for.
  package func beginStart(_ id: String) throws -> Subprocess {
    try Subprocess(
      [try ShimBinary.path(program)] + arguments(id, "start"), environment: environment,
      directory: bundle(id), input: command.input(id, options: nil))
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

  package var processes: [Int32] { Leftovers.processes(below: folder.path) }

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
    let left = (sockets + addresses.map(ShimClient.socket)).filter(Files.exists)
    guard left.isEmpty else { throw TestFailure("sockets are left: \(left)") }
  }
}
