// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import SwiftProtobuf

/// What containerd writes to the standard input of `start`, whatever its version:
///
/// - 1.6 to 2.2: nothing, or an `Any` with the task's options;
/// - from 2.3 on: `BootstrapParams`, in which the options are an extension.
///
/// Each parses as the other (a string, then bytes). It is BootstrapParams exactly if its first two
/// fields are our id and namespace: containerd's own rule (pkg/shim/compat.go).
struct Bootstrap: Equatable {
  /// More is not containerd's, whose own shims stop there too (bytes).
  static let inputLimit = 10 * 1024 * 1024

  var options: Google_Protobuf_Any?
  /// Where events go; empty: as the environment says.
  var ttrpcAddress = ""
  /// The folder of sockets; empty: the usual one.
  var socketDirectory = ""
  var debug = false

  enum Failure: Error, Equatable { case malformed }

  init(parsing input: [UInt8], id: String, namespace: String) throws(Failure) {
    if input.isEmpty { return }
    if let params = try? BootstrapParams(serializedBytes: input),
      params.instanceID == id, params.namespace == namespace
    {
      options = params.extensions.first { $0.hasValue }?.value
      ttrpcAddress = params.containerdTtrpcAddress
      socketDirectory = params.socketDir
      debug = params.logLevel.rawValue <= LogLevel.debug.rawValue
    } else if let any = try? Google_Protobuf_Any(serializedBytes: input) {
      options = any
    } else {
      throw .malformed
    }
  }
}
