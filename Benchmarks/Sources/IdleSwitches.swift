// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// How often a shim runs that has one container and nothing to do.
struct IdleSwitches: Benchmark {
  static let name = "idle-switches"

  func run(_ scale: Scale) throws -> [Row] {
    let seconds = scale.pick(60, quick: 10)
    var switches: [Shim: Int] = [:]
    try Containerd.run { containerd in
      for shim in Shim.allCases {
        try containerd.runSleeper("\(shim)", runtime: shim.runtime)
        _ = try Footprint.whenAsleep(try containerd.shims(of: ["\(shim)"])[0])
      }
      let pids = try Shim.allCases.map { try containerd.shims(of: ["\($0)"])[0] }
      let before = pids.map(ProcessCost.switches)
      sleep(UInt32(seconds))
      for (index, shim) in Shim.allCases.enumerated() {
        switches[shim] = ProcessCost.switches(pids[index]) - before[index]
      }
      try containerd.removeTasks(Shim.allCases.map { "\($0)" })
    }
    func perMinute(_ shim: Shim) -> Double {
      Double(switches[shim] ?? 0) * 60 / Double(seconds)
    }
    return [
      Row(
        name: "idle: wake-ups in a minute", unit: "", ours: perMinute(.ours),
        stock: perMinute(.stock), goals: [.atMost(0)])
    ]
  }
}
