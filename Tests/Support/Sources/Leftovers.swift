// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What shims must not leave behind when their containers are gone.
enum Leftovers {
  /// Shims, and what they have started, work in their bundles.
  static func processes(below folder: String) -> [Int32] {
    Processes.working(below: folder).filter { !Processes.isGone($0) }
  }

  /// Neither process, socket, bundle nor mount.
  /// - Parameter bundles: the folder of bundles.
  static func expectNone(below folder: String, bundles: String, sockets: some Sequence<String>)
    throws
  {
    let processes = { Self.processes(below: folder) }
    try eventually("no process of ours is left", told: { Processes.describe(processes()) }) {
      processes().isEmpty
    }
    for socket in sockets {
      try eventually("the socket is gone: \(socket)") { !Files.exists(socket) }
    }
    let left = { Files.names(in: bundles).map { "\($0): \(Files.names(in: "\(bundles)/\($0)"))" } }
    try eventually("no bundle is left", told: { "\(left())" }) {
      Files.names(in: bundles).isEmpty
    }
    try expectNoMount(below: folder)
  }

  static func expectNoMount(below folder: String) throws {
    guard !(Files.read("/proc/self/mountinfo") ?? "").contains(" \(folder)/") else {
      throw TestFailure("a mount is left below \(folder)")
    }
  }
}
