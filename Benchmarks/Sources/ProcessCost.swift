// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What shims cost, many at once.
enum ProcessCost {
  /// kB that are a process's own, and its share of what it has in common with others.
  static func proportional(_ pid: Int32) throws -> Int {
    let line = (Files.read("/proc/\(pid)/smaps_rollup") ?? "").split(separator: "\n")
      .first { $0.hasPrefix("Pss:") }
    guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw TestFailure("process \(pid) is gone")
    }
    return kilobytes
  }

  /// RssAnon (kB).
  static func anonymous(_ pid: Int32) throws -> Int { try Footprint(of: pid).memory }

  /// RssAnon and page tables (kB), when it has nothing more to do.
  static func atRest(_ pid: Int32) throws -> (anonymous: Int, tables: Int) {
    let cost = try Footprint.whenAsleep(pid)
    return (cost.memory, Processes.number("VmPTE", of: pid) ?? 0)
  }

  /// How often all threads have slept or given way: unchanged, none has run.
  static func switches(_ pid: Int32) -> Int {
    Files.names(in: "/proc/\(pid)/task").compactMap { Int32($0) }.reduce(0) { sum, thread in
      sum + (Processes.number("voluntary_ctxt_switches", of: thread) ?? 0)
        + (Processes.number("nonvoluntary_ctxt_switches", of: thread) ?? 0)
    }
  }
}
