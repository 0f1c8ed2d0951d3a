// SPDX-License-Identifier: Apache-2.0

/// Output of one container, in large writes, into a FIFO with a fast reader.
struct Throughput: Benchmark {
  static let name = "throughput"

  func run(_ scale: Scale) throws -> [Row] {
    let bytes = scale.pick(4096, quick: 512) << 20
    let gibibytes = Double(bytes) / Double(1 << 30)
    var raw = RawFigures(columns: ["shim", "round", "GB/s", "CPU (s/GiB)"])
    var rates = Series()
    var costs = Series()
    try Writers.run(Self.name) { writers in
      try Subject.allCases.alternate(scale.pick(7, quick: 3)) { subject, round in
        let flow = try writers.measure(subject, .init(bytes: bytes, size: 64 * 1024))
        let rate = Double(bytes) / 1e9 / flow.seconds
        let cost = flow.processor / gibibytes
        raw.add(subject, round, rate, cost)
        rates.add(rate, of: subject)
        costs.add(cost, of: subject)
      }
    }
    try raw.write(Self.name)
    return [
      rates.row("output, 64 KiB a write", "GB/s", .ratioAtLeast(1.5), .limitAtLeast(0.8)),
      costs.row("output, 64 KiB a write: CPU per GiB", "s", .ratioAtMost(0.06)),
    ]
  }
}
