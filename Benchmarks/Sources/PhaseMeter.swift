// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// How long the phases of a task take, and how much of it the OCI runtime ran.
final class PhaseMeter {
  struct Phase {
    let name: String
    let total: Double
    /// Without the time that the runtime's processes ran.
    let beyond: Double
  }

  /// The OCI runtime to name in Create: runc, by the program that notes when it ran.
  let runtime: String
  private let runs: String
  private var times: [(name: String, began: Double, ended: Double)] = []

  init(in folder: String) throws {
    runtime = "\(folder)/runtime"
    runs = "\(folder)/runs"
    guard symlink(try LimitProgram.path("timed-runtime"), runtime) == 0 else {
      throw TestFailure("link \(runtime)")
    }
  }

  func measure<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let began = Clock.milliseconds
    defer { times.append((name, began, Clock.milliseconds)) }
    return try body()
  }

  /// What cannot be less for one run of a runtime: that a process is made and its end is heard of (ms).
  func floor() throws -> Double {
    let runs = try (1...20).map { _ in
      try measure("floor") { try TimedRun([runtime, "--version"]) }.expectSuccess()
      return try take()[0].beyond
    }
    return runs.median
  }

  /// The phases since the last call.
  func take() throws -> [Phase] {
    let calls = (Files.read(runs) ?? "").split(separator: "\n").map { line in
      line.split(separator: " ").dropFirst().map { (Double($0) ?? .nan) / 1_000_000 }
    }
    defer {
      times = []
      unlink(runs)
    }
    return times.map { phase in
      let ran = calls.map { max(0, min($0[1], phase.ended) - max($0[0], phase.began)) }
      let total = phase.ended - phase.began
      return Phase(name: phase.name, total: total, beyond: total - ran.reduce(0, +))
    }
  }
}
