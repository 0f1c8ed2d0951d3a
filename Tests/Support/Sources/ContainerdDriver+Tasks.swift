// SPDX-License-Identifier: Apache-2.0

package import ContainerdAPI
package import SwiftProtobuf

/// The lives of tasks, as containerd's TaskManager leads them.
extension ContainerdDriver {
  /// - Parameter options: go to `start` and to Create.
  /// - Returns: the pid of the held process.
  @discardableResult
  package func create(
    _ id: String, annotations: [String: String] = [:], stdout: String = "",
    options: Google_Protobuf_Any? = nil
  ) throws -> Int32 {
    try startShim(id, annotations: annotations, options: options)
    let shim = try shim(id)
    let request = CreateTaskRequest.with {
      $0.id = id
      $0.bundle = shim.bundle.path
      $0.stdout = stdout
      if let options { $0.options = options }
    }
    do {
      let response: CreateTaskResponse = try shim.client.call("Create", request)
      return Int32(response.pid)
    } catch {
      try abandon(id)
      throw error
    }
  }

  /// What follows a failed Create. Its entry goes first: it has no events.
  package func abandon(_ id: String) throws {
    let shim = try shim(id)
    shims[id] = nil
    try delete(shim)
  }

  /// Creates and starts.
  @discardableResult
  package func run(
    _ id: String, annotations: [String: String] = [:], stdout: String = "",
    options: Google_Protobuf_Any? = nil
  ) throws -> Int32 {
    try create(id, annotations: annotations, stdout: stdout, options: options)
    return try client(id).start(id)
  }

  /// Removes a task that has ended.
  @discardableResult
  package func delete(_ id: String) throws -> DeleteResponse {
    guard let response = try delete(shim(id)) else { throw TestFailure("\(id): not found") }
    return response
  }

  /// SIGTERM, and when it has ended, Delete.
  @discardableResult
  package func end(_ id: String) throws -> DeleteResponse {
    try client(id).kill(id, 15)
    _ = try client(id).wait(id)
    return try delete(id)
  }

  /// Delete, Shutdown, the end of the connection, and `delete` (shimTask.delete).
  /// - Returns: nil if the shim does not know the task.
  @discardableResult
  func delete(_ shim: Shim) throws -> DeleteResponse? {
    let id = shim.bundle.id
    var response: DeleteResponse?
    do {
      response = try shim.client.delete(id)
      shims[id] = nil
    } catch let error as RPCError where error.code == RPCError.notFound {}
    do {
      let _: Google_Protobuf_Empty = try shim.client.call(
        "Shutdown", ShutdownRequest.with { $0.id = id }, deadline: 3)
    } catch is ConnectionClosed {}  // it may be gone before its answer
    shim.client.connection.close()
    try cleanUp(shim.bundle)
    return response
  }

  /// Waits for the end of a connection that nobody has asked for.
  /// - Returns: what `delete` answers.
  package func loseShim(of id: String) throws -> DeleteResponse {
    let shim = try shim(id)
    if let frame = try shim.client.connection.receive() {
      throw TestFailure("an answer to nothing, on stream \(frame.stream)")
    }
    return try cleanUp(shim.bundle)
  }
}
