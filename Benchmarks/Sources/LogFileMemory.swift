// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What a container costs more that writes to a file (`file://`): with ours a process, with containerd's own
/// shim a few of Go's routines.
struct LogFileMemory: Benchmark {
  static let name = "log-memory"

  func run(_ scale: Scale) throws -> [Row] {
    let pairs = scale.pick(20, quick: 5)
    var raw = RawFigures(columns: ["shim", "RssAnon (kB)", "page tables (kB)"])
    var anonymous = Series()
    var whole = Series()
    try Containerd.run { containerd in
      let ids = (0..<pairs).flatMap { number in
        Shim.allCases.map { ($0, "\($0)-plain-\(number)", "\($0)-log-\(number)") }
      }
      for (shim, plain, log) in ids {
        try containerd.runSleeper(plain, runtime: shim.runtime)
        try containerd.runSleeper(
          log, runtime: shim.runtime, flags: ["--log-uri", "file://\(containerd.folder)/\(log)"])
      }
      for (shim, plain, log) in ids {
        let (less, more) = (
          try Self.cost(of: plain, containerd), try Self.cost(of: log, containerd)
        )
        raw.add(shim, more.memory - less.memory, more.tables - less.tables)
        anonymous.add(Double(more.memory - less.memory), of: shim)
        whole.add(Double(more.memory - less.memory + more.tables - less.tables), of: shim)
      }
      for (_, plain, log) in ids { for id in [plain, log] { try containerd.endTask(id) } }
    }
    try raw.write(Self.name)
    return [
      anonymous.row("a log file: RssAnon of shim and writer, more", "kB", .atMost(100)),
      whole.row("a log file: the same and page tables, more", "kB", .atMost(150)),
    ]
  }

  /// The shim, and those of its children that are not the container's.
  private static func cost(
    of id: String, _ containerd: Containerd
  ) throws -> (memory: Int, tables: Int) {
    let shim = try containerd.shim(of: id)
    let writers = Processes.children(of: shim).filter {
      Processes.commandLine(of: $0).first == "shim:log-file"
    }
    return try ([shim] + writers).reduce((0, 0)) { sum, pid in
      let cost = try Footprint.whenAsleep(pid)
      return (sum.0 + cost.memory, sum.1 + (Processes.number("VmPTE", of: pid) ?? 0))
    }
  }
}
