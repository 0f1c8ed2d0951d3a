// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization

/// `killrounds`: rounds from several lanes at once, each a thread with a containerd of its own.
struct KillRounds {
  private let seed: UInt64
  private let rounds: Int
  private let lanes: Int
  private let plant: Plants
  private let first: Int?
  /// How many rounds of this seed are done: from there it goes on.
  private let progress: Progress

  init(_ settings: Settings) {
    seed = settings.seed
    rounds = settings.number("N", or: 100)
    lanes = settings.number("LANES", or: 3)
    first = settings["FIRST"].flatMap { Int($0) }
    plant = settings.plant
    progress = Progress("killrounds-\(seed)")
  }

  func run() throws {
    let isReplay = first != nil || plant != .none
    let start = first ?? (plant == .none ? progress.rounds : 0)
    let deal = Deal(next: start, end: start + rounds)
    report("seed \(seed), rounds \(start) to \(start + rounds - 1)")
    let began = ContinuousClock.now
    let group = DispatchGroup()
    for lane in 0..<lanes {
      group.enter()
      Thread.detachNewThread {
        deal.play(lane: lane, seed: seed, plant: plant)
        group.leave()
      }
    }
    group.wait()
    let result = deal.result
    let seconds = Double((ContinuousClock.now - began).components.seconds)
    report(
      "\(result.done) rounds in \(Int(seconds)) s; killed: \(result.hits)"
        + "; \(result.missed) found nobody to kill; \(result.failures.count) violations")
    if !isReplay {
      progress.rounds = result.failures.isEmpty ? start + result.done : start
      Record("killrounds").append([
        ("seed", "\(seed)"), ("first round", "\(start)"), ("rounds", "\(result.done)"),
        ("seconds", "\(Int(seconds))"),
        ("shims killed", "\(result.hits["shim"] ?? 0)"),
        ("containerds killed", "\(result.hits["containerd"] ?? 0)"),
        ("runtimes killed", "\(result.hits["runtime"] ?? 0)"),
        ("violations", "\(result.failures.count)"),
      ])
    }
    if !result.failures.isEmpty { throw Violation(result.failures.joined(separator: "\n")) }
  }

  /// Deals rounds to lanes, in order, and gathers what became of them.
  private final class Deal: Sendable {
    struct Result {
      var done = 0
      var missed = 0
      var hits: [String: Int] = [:]
      var failures: [String] = []
    }

    private let next: Mutex<Int>
    private let end: Int
    private let gathered = Mutex(Result())

    init(next: Int, end: Int) {
      self.next = Mutex(next)
      self.end = end
    }

    var result: Result { gathered.withLock { $0 } }

    private func take() -> Int? {
      guard !Stop.isWanted, result.failures.isEmpty else { return nil }
      return next.withLock { next in
        guard next < end else { return nil }
        defer { next += 1 }
        return next
      }
    }

    func play(lane: Int, seed: UInt64, plant: Plants) {
      do {
        let folder = try TemporaryFolder()
        let shims = try plant.shims(in: "\(folder.path)/shims")
        try Containerd.run { other in
          try Containerd.run(shims: shims) { containerd in
            let lane = try KillLane(containerd, besides: other, number: lane, plant: plant)
            while let round = take() { try play(round, of: seed, in: lane) }
            try lane.neighbours.end()
          }
        }
      } catch {
        gathered.withLock { $0.failures.append("\(error)") }
      }
    }

    private func play(_ round: Int, of seed: UInt64, in lane: KillLane) throws {
      let plan = KillPlan(seed: seed, round: round)
      do {
        let hit = try lane.play(plan)
        note(round, plan, hit: hit)
      } catch {
        let log = Failed.keep("\(lane.containerd.folder)/containerd.log", "\(seed)-\(round)")
        throw Violation("seed \(seed) round \(round): \(error)\n  \(plan)\n  log: \(log)")
      }
    }

    private func note(_ round: Int, _ plan: KillPlan, hit: Bool) {
      gathered.withLock {
        $0.done += 1
        if hit {
          $0.hits[plan.victim.rawValue, default: 0] += 1
        } else {
          $0.missed += 1
        }
        if $0.done % 100 == 0 { report("\($0.done) rounds: \($0.hits), \($0.missed) missed") }
      }
    }
  }
}
