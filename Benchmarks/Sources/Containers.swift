// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Idle containers of both shims under one containerd, which end with the benchmark, also after an error.
struct Containers {
  struct Container {
    let id: String
    let client: ShimClient
    let time: ProcessorTime
  }

  let containerd: Containerd
  private var members: [Shim: [Container]] = [:]

  subscript(shim: Shim) -> [Container] { members[shim] ?? [] }

  /// - Parameters:
  ///   - name: in their ids.
  ///   - count: of each shim.
  ///   - flags: of `ctr run`.
  static func run(
    _ name: String, count: Int = 1, flags: [String] = [], _ body: (Containers) throws -> Void
  ) throws {
    try Containerd.run { containerd in
      let ids = Shim.allCases.map { shim in
        (shim, (0..<count).map { "\(name)-\(shim)-\(getpid())-\($0)" })
      }
      do {
        var containers = Containers(containerd: containerd)
        for (shim, ids) in ids { try containers.start(ids, shim, flags) }
        try body(containers)
        try end(Array(ids.map(\.1).joined()), containerd)
      } catch {
        // One by one: some may not be there.
        for (_, ids) in ids { for id in ids { try? end([id], containerd) } }
        throw error
      }
    }
  }

  private mutating func start(_ ids: [String], _ shim: Shim, _ flags: [String]) throws {
    for id in ids { try containerd.remember(id) }
    try containerd.ctr(together: ids.map { containerd.sleeper($0, shim, flags: flags) })
    members[shim] = try ids.map { id in
      let client = try containerd.client(id)
      return Container(id: id, client: client, time: try ProcessorTime(of: client.shimPID))
    }
  }

  private static func end(_ ids: [String], _ containerd: Containerd) throws {
    try containerd.ctr(together: ids.map { ["task", "rm", "--force", $0] })
    try containerd.ctr(together: ids.map { ["container", "rm", $0] })
  }
}
