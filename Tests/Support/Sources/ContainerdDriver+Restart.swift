// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import SwiftProtobuf

/// containerd goes and comes back; its shims stay.
extension ContainerdDriver {
  /// Connections, logs and the events service go, bundles stay.
  package func stop() {
    for shim in shims.values { shim.client.connection.close() }
    shims = [:]
    events.stop()
  }

  /// Comes back, perhaps as a newer version, and takes over what it finds in its bundles.
  package func start(as version: ContainerdVersion? = nil) throws {
    if let version { command.version = version }
    try events.serve()
    for id in Files.names(in: TaskBundle.folder(command)) { try load(bundle(id)) }
  }

  /// From 1.7 on a shim without pids is a leaked one: containerd crashed between `start` and Create.
  private func load(_ bundle: TaskBundle) throws {
    guard let shim = try? reconnect(bundle) else {
      try cleanUp(bundle)  // without events: it is in no table
      return
    }
    if command.version.asksForPids, try isLeaked(shim) {
      try delete(shim)
    } else {
      shims[bundle.id] = shim
    }
  }

  private func reconnect(_ bundle: TaskBundle) throws -> Shim {
    let shim = Shim(
      bundle: bundle, client: try connect(answer(in: bundle)), log: try bundle.openLog())
    let _: ConnectResponse = try shim.client.call(
      "Connect", ConnectRequest.with { $0.id = bundle.id }, deadline: 5)
    return shim
  }

  /// Where its shim listens, and how it speaks.
  private func answer(in bundle: TaskBundle) throws -> BootstrapResult {
    if command.version.keepsBootstrap, let file = try? bundle.read("bootstrap.json") {
      return try BootstrapResult(json: Array(file.utf8))
    }
    // Also for a task of an older containerd.
    return .plain(try bundle.read("address"))
  }

  private func isLeaked(_ shim: Shim) throws -> Bool {
    do {
      return try shim.client.pids(shim.bundle.id).isEmpty
    } catch let error as RPCError where error.code == RPCError.notFound {
      return true
    }
  }
}
