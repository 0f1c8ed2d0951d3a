// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What many shims cost together, one container each.
struct ShimsMemory: Benchmark {
  static let name = "memory-containers"

  func run(_ scale: Scale) throws -> [Row] {
    let counts = scale == .full ? [1, 10, 25, 50, 75, 100] : [1, 10]
    var raw = RawFigures(columns: ["shim", "containers", "Pss (kB)", "RssAnon (kB)"])
    var last = Series()
    try Containerd.run { containerd in
      var ids: [Shim: [String]] = [:]
      for count in counts {
        for shim in Shim.allCases {
          let new = ((ids[shim] ?? []).count..<count).map { "\(shim)-\($0)" }
          ids[shim, default: []] += new
          for id in new { try containerd.remember(id) }
          try containerd.ctr(together: new.map { containerd.sleeper($0, shim) })
        }
        for shim in Shim.allCases {
          let pids = try containerd.shims(of: ids[shim] ?? [])
          try Self.waitForRest(pids)
          let cost = try pids.map(ProcessCost.proportional).reduce(0, +)
          raw.add(shim, count, cost, try pids.map(ProcessCost.anonymous).reduce(0, +))
          if count == counts.last { last.add(Double(cost), of: shim) }
        }
      }
      try containerd.removeTasks(ids.values.flatMap { $0 })
    }
    try raw.write(Self.name)
    let name = "\(counts.last ?? 0) containers, a shim each: sum of Pss"
    return [last.row(name, "kB", .ratioAtMost(0.2))]
  }

  /// None of them has run for a while.
  private static func waitForRest(_ pids: [Int32]) throws {
    try eventually("the shims are asleep") {
      let before = pids.map(ProcessCost.switches)
      usleep(300_000)
      return pids.map(ProcessCost.switches) == before
    }
  }
}

extension Containerd {
  /// A call of `ctr` that runs a container with nothing to do.
  func sleeper(_ id: String, _ shim: Shim, flags: [String] = []) -> [String] {
    ["run", "--detach", "--null-io", "--runtime", shim.runtime] + flags
      + [Self.image, id, "sleep", "100000"]
  }

  /// The shims that were started for these tasks. Nobody asks them: they are as they were.
  func shims(of ids: [String]) throws -> [Int32] {
    let found = shimProcesses.filter { pid in
      let words = Processes.commandLine(of: pid)
      return zip(words, words.dropFirst()).contains { $0 == "-id" && ids.contains($1) }
    }
    guard found.count == ids.count else {
      throw TestFailure("\(found.count) shims of \(ids.count) containers")
    }
    return found
  }

  func removeTasks(_ ids: [String]) throws {
    let some = stride(from: 0, to: ids.count, by: 10).map { ids[$0..<min($0 + 10, ids.count)] }
    try ctr(together: some.map { ["task", "rm", "--force"] + $0 })
  }
}
