// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// `soak`: whatever a shim goes through, in a random order and for as long as one likes. Each step is of
/// its number and the seed.
struct Soak {
  let settings: Settings
  let seed: UInt64
  let plant: Plants
  private let progress: Progress

  init(_ settings: Settings) {
    self.settings = settings
    seed = settings.seed
    plant = settings.plant
    progress = Progress("soak-\(seed)")
  }

  func run() throws {
    let minutes = settings.number("MINUTES", or: 5)
    let began = ContinuousClock.now
    let end = began + .seconds(minutes * 60)
    let first = settings["FIRST"].flatMap { Int($0) } ?? (plant == .none ? progress.rounds : 0)
    report("seed \(seed), from step \(first) on, \(minutes) minutes")
    try FastHost.run { fast in
      try Containerd.run { containerd in
        let machine = try SoakMachine(containerd, fast, seed: seed, plant: plant)
        var step = first
        do {
          while .now < end && !Stop.isWanted {
            var choices = Choices(seed: seed, round: step)
            try machine.step(&choices)
            step += 1
            if step % 100 == 0 { report("\(step): \(machine.counts)") }
          }
          try machine.end()
        } catch {
          let log = Failed.keep("\(containerd.folder)/containerd.log", "soak-\(seed)-\(step)")
          throw Violation(
            "seed \(seed) step \(step), \(machine.last): \(error)\n  log: \(log)")
        }
        let seconds = (ContinuousClock.now - began).components.seconds
        report("\(step - first) steps in \(seconds) s: \(machine.counts); \(machine.execs) execs")
        guard plant == .none else { return }
        progress.rounds = step
        Record("soak").append(
          [
            ("seed", "\(seed)"), ("first step", "\(first)"), ("steps", "\(step - first)"),
            ("seconds", "\(seconds)"), ("fast execs", "\(machine.execs)"),
          ]
            + SoakMachine.Step.allCases.map { ($0.rawValue, "\(machine.counts[$0.rawValue] ?? 0)") }
            + [("violations", "0")])
      }
    }
  }
}
