// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// `bench [QUICK=1] [ONLY=NAME,NAME]`, `bench plots`, `bench hot-symbols MAP`: see Benchmarks/run.sh.
@main struct Main {
  private static var all: [any Benchmark.Type] {
    [
      IdleMemory.self, LogFileMemory.self, IdleSwitches.self, ExecMemory.self, ShimsMemory.self,
      PodMemory.self,
      Thousand.self, Commands.self, Phases.self, BinarySize.self, Throughput.self, Lines.self,
      Terminals.self, ManyWriters.self, StateCalls.self,
    ]
  }

  static func main() {
    do {
      let words = CommandLine.arguments.dropFirst()
      switch words.first {
      case "hot-symbols": try HotSymbols.list(mapFile: words.last ?? "")
      case "plots": try Plots.draw()
      default: try measure()
      }
    } catch {
      say("bench: \(error)")
      exit(1)
    }
  }

  private static func measure() throws {
    let scale = RunOptions.scale
    let only = RunOptions.only
    var table = Table()
    for benchmark in all where only.isEmpty || only.contains(benchmark.name) {
      say("\(benchmark.name) ...")
      table.rows += try benchmark.init().run(scale)
    }
    say(table.text)
    guard RunOptions.isWhole else { return }
    try table.record()
    try Plots.draw()
  }
}

/// A line, at once: a pipe would hold print's back.
func say(_ words: String) { FileHandle.standardOutput.write(Data("\(words)\n".utf8)) }
