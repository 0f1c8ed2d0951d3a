// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
package import SwiftProtobuf

/// The runs of the shim's executable.
extension ContainerdDriver {
  /// What a run may take; containerd's own limit is that of `delete`.
  private static let limit = Duration.seconds(5)

  /// `-info`, in containerd's own directory and environment.
  package func info(options: Google_Protobuf_Any? = nil) throws -> RuntimeInfo {
    let input = try options.map { Subprocess.Input.bytes(try $0.serializedBytes()) } ?? .null
    let ending = try Subprocess([try ShimBinary.path(), "-info"], input: input).wait(
      within: Self.limit)
    try ending.expectSuccess()
    return try RuntimeInfo(strictly: ending.outputBytes)
  }

  /// Makes a bundle, runs `start` in it and connects (ShimManager.Start).
  package func startShim(
    _ id: String, annotations: [String: String] = [:], options: Google_Protobuf_Any? = nil
  ) throws {
    if command.version.asksForInfo && !knowsRuntime {
      _ = try info()  // containerd only logs a failure
      knowsRuntime = true
    }
    let bundle = bundle(id)
    try bundle.make(annotations: annotations)
    do {
      defer { remember(bundle) }
      let log = try bundle.openLog()
      let program = try ShimBinary.path()
      let ending = try Subprocess(
        [program] + command.start(id), environment: command.environment,
        directory: bundle.path, input: command.input(id, options: options), joinsErrors: true,
        newGroup: true
      ).wait(within: Self.limit)
      guard ending.status == 0 else {
        throw TestFailure(
          "failed to start shim: start failed: \(ending.output): exit status \(ending.status)")
      }
      let answer = try command.version.parseAnswer(ending.outputBytes)
      if command.version.keepsBootstrap { try bundle.write("bootstrap.json", answer.json) }
      shims[id] = Shim(bundle: bundle, client: try connect(answer), log: log)
      try bundle.write("shim-binary-path", program)
    } catch {
      try bundle.remove()
      throw error
    }
  }

  func connect(_ answer: BootstrapResult) throws -> ShimClient {
    guard answer.protocol == "ttrpc" else {
      throw TestFailure("unsupported protocol: \(answer.protocol)")
    }
    return try ShimClient(answer.address, version: Int(answer.version))
  }

  /// A socket that must be gone at the end, whatever becomes of its shim.
  private func remember(_ bundle: TaskBundle) {
    guard let address = try? bundle.read("address") else { return }
    sockets.insert(ShimClient.socket(of: address))
  }

  /// What containerd does when a connection has closed, whoever closed it: `delete`, and for a task
  /// that it still knows both last events (cleanupAfterDeadShim).
  @discardableResult
  func cleanUp(_ bundle: TaskBundle) throws -> DeleteResponse {
    let ending = try Subprocess(
      [try bundle.read("shim-binary-path")] + command.delete(bundle.id, bundle: bundle.path),
      environment: command.environment, directory: bundle.path, newGroup: true
    ).wait(within: Self.limit)
    try ending.expectSuccess()
    let response = try DeleteResponse(strictly: ending.outputBytes)
    try bundle.remove()
    guard shims.removeValue(forKey: bundle.id) != nil else { return response }
    events.publish(
      "/tasks/exit",
      TaskExit.with {
        $0.containerID = bundle.id
        $0.id = bundle.id
        $0.pid = response.pid
        $0.exitStatus = response.exitStatus
        $0.exitedAt = response.exitedAt
      })
    events.publish(
      "/tasks/delete",
      TaskDelete.with {
        $0.containerID = bundle.id
        $0.pid = response.pid
        $0.exitStatus = response.exitStatus
        $0.exitedAt = response.exitedAt
      })
    return response
  }
}

extension Message {
  /// The message and nothing else: a printed word would spoil it, or be unknown fields of it.
  fileprivate init(strictly bytes: [UInt8]) throws {
    guard let message = try? Self(serializedBytes: bytes), message.unknownFields.data.isEmpty,
      try message.serializedBytes() == bytes
    else {
      let text = String(decoding: bytes, as: UTF8.self)
      throw TestFailure(
        "standard output is no \(Self.protoMessageName) alone: \(text.debugDescription)")
    }
    self = message
  }
}
