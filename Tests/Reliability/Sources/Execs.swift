// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// `execs`: a hundred thousand in one container, after which the shim is as small as after the first
/// thousand.
struct Execs {
  /// More is a leak (kB).
  static let growth = 100

  let settings: Settings

  func run() throws {
    let total = settings.number("N", or: 100_000)
    report("seed \(settings.seed), \(total) execs")
    try FastHost.run { fast in
      let batch = ExecBatch(fast: fast, plant: settings.plant)
      var first: Footprint?
      var done = 0
      let began = ContinuousClock.now
      while done < total && !Stop.isWanted {
        var choices = Choices(seed: settings.seed, round: done)
        let count = min(50, total - done)
        try batch.play(numbers: done..<done + count, &choices)
        done += count
        if done >= 1000 && first == nil { first = try Footprint.whenAsleep(fast.shim) }
        if done % 10_000 == 0 { report("\(done): \(try Footprint(of: fast.shim))") }
      }
      let seconds = (ContinuousClock.now - began).components.seconds
      let last = settings.plant.distort(try Footprint.whenAsleep(fast.shim))
      guard let first else { throw Violation("fewer than a thousand execs") }
      report("\(done) execs in \(seconds) s: \(first), then \(last)")
      if settings.plant == .none {
        Record("execs").append([
          ("seed", "\(settings.seed)"), ("execs", "\(done)"), ("seconds", "\(seconds)"),
          ("RssAnon after 1000 (kB)", "\(first.memory)"), ("RssAnon (kB)", "\(last.memory)"),
          ("descriptors after 1000", "\(first.descriptors)"),
          ("descriptors", "\(last.descriptors)"),
          ("threads", "\(last.threads)"),
        ])
      }
      try Self.compare(first, last)
    }
  }

  static func compare(_ first: Footprint, _ last: Footprint) throws {
    guard last.memory <= first.memory + growth else {
      throw Violation("memory has grown: \(first), then \(last)")
    }
    guard last.descriptors == first.descriptors else {
      throw Violation("descriptors: \(first), then \(last)")
    }
    guard last.threads == 1 else { throw Violation("threads: \(last)") }
  }
}
