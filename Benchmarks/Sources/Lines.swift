// SPDX-License-Identifier: Apache-2.0

/// Output of one container in lines, each a write of its own, as most programs' logs are.
struct Lines: Benchmark {
  static let name = "lines"

  private static let length = 100

  func run(_ scale: Scale) throws -> [Row] {
    let lines = scale.pick(10_000_000, quick: 500_000)
    var raw = RawFigures(columns: ["shim", "round", "lines/s", "CPU (s/million lines)"])
    var costs = Series()
    try Writers.run(Self.name) { writers in
      try Subject.shims.alternate(3) { subject, round in
        let flow = try writers.measure(
          subject, .init(bytes: lines * Self.length, size: Self.length))
        let cost = flow.processor / (Double(lines) / 1e6)
        raw.add(subject, round, Double(lines) / flow.seconds, cost)
        costs.add(cost, of: subject)
      }
    }
    try raw.write(Self.name)
    return [
      costs.row("output, 100 bytes a write: CPU per million lines", "s", .ratioAtMost(0.25))
    ]
  }
}
