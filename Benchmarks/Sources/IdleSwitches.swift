// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// How often a shim runs that has one container and nothing to do.
struct IdleSwitches: Benchmark {
  static let name = "idle-switches"

  func run(_ scale: Scale) throws -> [Row] {
    let seconds = scale.pick(60, quick: 10)
    var perMinute = Series()
    try Containerd.run { containerd in
      for shim in Shim.allCases {
        try containerd.runSleeper("\(shim)", runtime: shim.runtime)
        _ = try Footprint.whenAsleep(try containerd.shims(of: ["\(shim)"])[0])
      }
      let pids = try Shim.allCases.map { try containerd.shims(of: ["\($0)"])[0] }
      let before = pids.map(ProcessCost.switches)
      sleep(UInt32(seconds))
      for (index, shim) in Shim.allCases.enumerated() {
        let switches = ProcessCost.switches(pids[index]) - before[index]
        perMinute.add(Double(switches) * 60 / Double(seconds), of: shim)
      }
      try containerd.removeTasks(Shim.allCases.map { "\($0)" })
    }
    return [perMinute.row("idle: wake-ups in a minute", "", .atMost(0))]
  }
}
