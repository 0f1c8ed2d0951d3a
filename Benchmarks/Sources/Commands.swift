// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// How long whole commands take: those of containerd to a shim, and those of a user to containerd.
struct Commands: Benchmark {
  static let name = "commands"

  func run(_ scale: Scale) throws -> [Row] {
    var raw = RawFigures(columns: ["command", "shim", "pair", "ms"])
    var rows = [try start(scale.pick(200, quick: 20), &raw)]
    try Containerd.run { containerd in
      // They vary by a fifth: fifty pairs would leave three percent to chance.
      rows.append(try run(scale.pick(100, quick: 8), containerd, &raw))
      rows.append(try exec(scale.pick(300, quick: 8), containerd, &raw))
    }
    try raw.write(Self.name)
    return rows
  }

  /// The C program takes its turn in each pair.
  private func start(_ pairs: Int, _ raw: inout RawFigures) throws -> Row {
    var times = Series()
    try PairHost.run { host in
      try Shim.allCases.alternate(pairs) { shim, pair in
        let started = try host.launch(shim, "\(shim)-\(pair)", host.sleepSpec)
        raw.add("start", shim, pair, started.startTime)
        times.add(started.startTime, of: shim)
        try host.shutDown(started)
        try host.remove(started.id)
        guard shim == .ours else { return }
        let limit = try host.startLimit("limit-\(pair)")
        raw.add("start", "limit", pair, limit)
        times.add(limit, of: .limit)
      }
    }
    return times.row("start command", "ms", .ratioAtMost(0.3))
  }

  private func run(
    _ pairs: Int, _ containerd: Containerd, _ raw: inout RawFigures
  ) throws -> Row {
    var times = Series()
    try Shim.allCases.alternate(pairs) { shim, pair in
      let id = "run-\(shim)-\(pair)"
      try containerd.remember(id)
      let time = try containerd.timedCtr(
        "run", "--rm", "--runtime", shim.runtime, Containerd.image, id, "true")
      raw.add("ctr run", shim, pair, time)
      times.add(time, of: shim)
    }
    return times.row("ctr run --rm … true", "ms", .ratioAtMost(0.93))
  }

  private func exec(
    _ pairs: Int, _ containerd: Containerd, _ raw: inout RawFigures
  ) throws -> Row {
    var times = Series()
    for shim in Shim.allCases { try containerd.runSleeper("\(shim)", runtime: shim.runtime) }
    try Shim.allCases.alternate(pairs) { shim, pair in
      let time = try containerd.timedCtr(
        "task", "exec", "--exec-id", "exec-\(pair)", "\(shim)", "true")
      raw.add("ctr task exec", shim, pair, time)
      times.add(time, of: shim)
    }
    for shim in Shim.allCases { try containerd.endTask("\(shim)") }
    return times.row("ctr task exec … true", "ms", .ratioAtMost(0.98))
  }
}

extension PairHost {
  /// The same as a launch, with the C program (ms). Its daemon ends with its connection.
  fileprivate func startLimit(_ id: String) throws -> Double {
    try makeBundle(id, sleepSpec)
    let run = try start(LimitProgram.path("start"), id)
    try Connection(path: ShimClient.socket(of: run.output)).close()
    try removeBundle(id)
    return run.milliseconds
  }
}

extension Containerd {
  /// A call of `ctr` to its end (ms).
  fileprivate func timedCtr(_ words: String...) throws -> Double {
    let run = try TimedRun(
      ["ctr"] + words,
      environment: ["CONTAINERD_ADDRESS": address, "CONTAINERD_NAMESPACE": Self.namespace])
    try run.expectSuccess()
    return run.milliseconds
  }
}
