// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// A shim whose OCI runtime is the fast one, with one container that lives until it is killed.
struct FastHost {
  static let runtime = "\(ShimBinary.root)/.build/reliability/bin/fast-runtime"
  static let id = "fast"

  let host: ShimHost
  let client: ShimClient
  let shim: Int32

  /// Runs with that container, ends it, and proves that nothing is left.
  static func run(_ body: (FastHost) throws -> Void) throws {
    try ShimHost.run(ShimBinary.oci) { host in
      let client = try host.launch(id)
      var request = host.createRequest(id)
      request.options = .init(
        packing: RuncOptions.with {
          $0.binaryName = runtime
          $0.root = "\(host.folder.path)/r"
        })
      let _: CreateTaskResponse = try client.call("Create", request)
      _ = try client.start(id)
      try eventually("its start is told") {
        host.events.topics == ["/tasks/create", "/tasks/start"]
      }
      try body(FastHost(host: host, client: client, shim: try client.shimPID))
      try client.kill(id, 9)
      guard try client.wait(id).exitStatus == 137, try client.delete(id).exitStatus == 137 else {
        throw Violation("init was killed, and its status is not 137")
      }
      try client.shutdown(id)
      try eventually("nothing is left", told: { Processes.describe(host.processes) }) {
        host.processes.isEmpty
      }
    }
  }

  static func exec(_ exec: String, _ args: [String], stdout: String = "") -> ExecProcessRequest {
    .with {
      $0.id = id
      $0.execID = exec
      $0.stdout = stdout
      let words = args.map { "\"\($0)\"" }.joined(separator: ",")
      $0.spec.value = Data(#"{"cwd":"/","args":[\#(words)]}"#.utf8)
    }
  }

  static func process(_ exec: String) -> StartRequest {
    .with {
      $0.id = id
      $0.execID = exec
    }
  }
}
