// SPDX-License-Identifier: Apache-2.0

/// Many containers that write a little at a time: 1 MiB/s each. All containers of both kinds are there,
/// those of one kind write.
struct ManyWriters: Benchmark {
  static let name = "many-writers"

  /// A second: 1 MiB.
  private static let writes = 16
  private static let size = 64 * 1024

  func run(_ scale: Scale) throws -> [Row] {
    let count = scale.pick(200, quick: 20)
    let seconds = scale.pick(10, quick: 2)
    let job = Writers.Job(
      bytes: seconds * Self.writes * Self.size, size: Self.size, period: 1_000_000 / Self.writes)
    var raw = RawFigures(columns: ["shim", "containers", "round", "CPU (s/s)"])
    var costs = Series()
    try Writers.run(Self.name, count: count) { writers in
      try Subject.allCases.alternate(scale.pick(3, quick: 2)) { subject, round in
        let flow = try writers.measure(subject, job)
        let cost = flow.processor / Double(seconds)
        raw.add(subject, count, round, cost)
        costs.add(cost, of: subject)
      }
    }
    try raw.write(Self.name)
    return [
      costs.row("\(count) containers, 1 MiB/s each: CPU of all shims", "s/s", .ratioAtMost(0.25))
    ]
  }
}
