// SPDX-License-Identifier: Apache-2.0

import Support

/// What a shim costs that has one container and nothing to do.
struct IdleMemory: Benchmark {
  static let name = "idle-memory"

  func run(_ scale: Scale) throws -> [Row] {
    var raw = RawFigures(columns: ["shim", "RssAnon (kB)", "page tables (kB)", "threads"])
    var anonymous = Series()
    var whole = Series()
    var threads = Series()
    try Containerd.run { containerd in
      let pairs = scale.pick(20, quick: 5)
      for number in 0..<pairs {
        for shim in Shim.allCases {
          try containerd.runSleeper("\(shim)-\(number)", runtime: shim.runtime)
        }
      }
      for number in 0..<pairs {
        for shim in Shim.allCases {
          let pid = try containerd.shim(of: "\(shim)-\(number)")
          let cost = try Footprint.whenAsleep(pid)
          let tables = Processes.number("VmPTE", of: pid) ?? 0
          raw.add(shim, cost.memory, tables, cost.threads)
          anonymous.add(Double(cost.memory), of: shim)
          whole.add(Double(cost.memory + tables), of: shim)
          threads.add(Double(cost.threads), of: shim)
        }
      }
      for number in 0..<pairs {
        for shim in Shim.allCases { try containerd.endTask("\(shim)-\(number)") }
      }
    }
    try raw.write(Self.name)
    return [
      whole.row("idle: RssAnon + page tables", "kB", .ratioAtMost(0.11)),
      anonymous.row("idle: RssAnon", "kB", .atMost(250)),
      threads.row("idle: threads", "", .atMost(1)),
    ]
  }
}
