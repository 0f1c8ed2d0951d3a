// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import EventLoop
internal import SwiftProtobuf
internal import TTRPC

/// Asks whoever listens on a group's socket whether it takes one more container.
enum LiveShim {
  enum Answer: Equatable {
    /// It serves the Task API of this version.
    case version(Int)
    /// It has closed the connection, or is about to end.
    case ending
  }

  /// containerd's own `start` gives a socket this long.
  private static let limit = Duration.milliseconds(100)

  /// Calls Connect, by which a shim of ours keeps a place for the container (blocks).
  static func reserve(_ id: String, at path: String) -> Answer {
    let loop = EventLoop()
    let client = Client(loop, path: path)
    var result: Result<[UInt8], Status>?
    client.call(
      service: "containerd.task.v2.Task", method: "Connect",
      payload: ConnectRequest.with { $0.id = id }, timeout: limit
    ) { result = $0 }
    while true {
      if let result { return answer(to: result) }
      loop.runOnce()
    }
  }

  static func answer(to result: Result<[UInt8], Status>) -> Answer {
    guard case .failure(let status) = result else { return .version(2) }
    return switch status.code {
    case .unavailable: .ending
    // A Go shim of containerd 2.0 or later knows version 3 only.
    case .unimplemented: .version(3)
    // Busy, or an error of its own: it lives, and containerd waits longer than we do.
    default: .version(2)
    }
  }
}
