// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
package import SwiftProtobuf

/// How a containerd calls its shims: command lines, environment and standard input.
package struct ShimCommand {
  package var version: ContainerdVersion
  /// Holds containerd's sockets.
  let folder: String
  package var namespace: String
  /// containerd's own log is at debug level.
  package var debug = false

  package init(_ version: ContainerdVersion, in folder: String, namespace: String = "test") {
    self.version = version
    self.folder = folder
    self.namespace = namespace
  }

  package var address: String { "\(folder)/containerd.sock" }
  /// Where containerd takes events.
  package var events: String { "\(address).ttrpc" }
  /// Where shims listen: compiled into containerd up to 2.2, where no other folder is possible.
  package var socketFolder: String {
    version.writesBootstrapParams ? "\(folder)/s" : "/run/containerd/s"
  }

  package var environment: [String: String] {
    version.environment(of: address, events: events, namespace: namespace)
  }

  private func flags(_ id: String) -> [String] {
    [
      "-namespace", namespace, "-address", address, "-publish-binary", "/usr/bin/containerd",
      "-id", id,
    ]
  }

  package func start(_ id: String) -> [String] {
    flags(id) + (debug ? ["-debug"] : []) + ["start"]
  }

  package func delete(_ id: String, bundle: String?) -> [String] {
    flags(id) + (bundle.map { ["-bundle", $0] } ?? [])
      + (debug && version.debugsDelete ? ["-debug"] : []) + ["delete"]
  }

  /// The standard input of `start`.
  package func input(_ id: String, options: Google_Protobuf_Any?) throws -> Subprocess.Input {
    if version.writesBootstrapParams {
      return .bytes(try parameters(id, options: options).serializedBytes())
    }
    return try options.map { .bytes(try $0.serializedBytes()) } ?? .null
  }

  private func parameters(_ id: String, options: Google_Protobuf_Any?) -> BootstrapParams {
    .with {
      $0.instanceID = id
      $0.namespace = namespace
      $0.logLevel = debug ? .debug : .info
      $0.containerdVersion = "\(version.rawValue).0"
      $0.containerdTtrpcAddress = events
      $0.containerdGrpcAddress = address
      $0.containerdBinary = "/usr/bin/containerd"
      $0.extensions = options.map { value in [.with { $0.value = value }] } ?? []
      $0.socketDir = socketFolder
    }
  }
}
