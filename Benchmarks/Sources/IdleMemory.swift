// SPDX-License-Identifier: Apache-2.0

import Support

/// What a shim costs that has one container and nothing to do.
struct IdleMemory: Benchmark {
  static let name = "idle-memory"

  func run(_ scale: Scale) throws -> [Row] {
    var raw = RawFigures(columns: ["shim", "RssAnon (kB)", "page tables (kB)", "threads"])
    var anonymous: [Shim: [Double]] = [:]
    var whole: [Shim: [Double]] = [:]
    var threads: [Shim: [Double]] = [:]
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
          anonymous[shim, default: []].append(Double(cost.memory))
          whole[shim, default: []].append(Double(cost.memory + tables))
          threads[shim, default: []].append(Double(cost.threads))
        }
      }
      for number in 0..<pairs {
        for shim in Shim.allCases { try containerd.endTask("\(shim)-\(number)") }
      }
    }
    try raw.write(Self.name)
    func median(_ figures: [Shim: [Double]], _ shim: Shim) -> Double {
      (figures[shim] ?? []).median
    }
    return [
      Row(
        name: "idle: RssAnon + page tables", unit: "kB", ours: median(whole, .ours),
        stock: median(whole, .stock), goals: [.ratioAtMost(0.11)]),
      Row(
        name: "idle: RssAnon", unit: "kB", ours: median(anonymous, .ours),
        stock: median(anonymous, .stock), goals: [.atMost(250)]),
      Row(
        name: "idle: threads", unit: "", ours: median(threads, .ours),
        stock: median(threads, .stock), goals: [.atMost(1)]),
    ]
  }
}
