// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization
import Testing

extension Integration {
  /// The same commands to containerd's own shim and to ours: exit codes, output, errors and events
  /// are the same, but for what `KnownDifference.all` lists.
  @Suite struct CompareTests {
    static let stock = "io.containerd.runc.v2"

    /// What the stock shim has answered, ours beside it under the same containerd, and ours in the
    /// stock shim's place: first in PATH by its name.
    typealias Recording = (stock: [Note], ours: [Note], replaced: [Note])

    static let recorded = Result { try record(Script.all) }

    static func record(_ scripts: [Script]) throws -> Recording {
      let folder = try TemporaryFolder()
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/containerd-shim-runc-v2",
        withDestinationPath: "\(try ShimBinary.folder())/\(ShimBinary.oci)")
      var notes: [[Note]] = []
      try Containerd.run { containerd in
        try Containerd.run(shims: folder.path) { replaced in
          try expectOurs(replaced)
          notes = try together([
            try ScriptPlayer(containerd, stock, letter: "r", scripts),
            try ScriptPlayer(containerd, Containerd.oci, letter: "s", scripts),
            try ScriptPlayer(replaced, stock, letter: "l", scripts),
          ])
        }
      }
      return (stock: notes[0], ours: notes[1], replaced: notes[2])
    }

    @Test func theListIsLongEnough() {
      #expect(Script.all.flatMap(\.commands).count >= 60)
      #expect(Script.refusals.flatMap(\.commands).count >= 20)
    }

    @Test func theREADMETellsThem() throws {
      let text = try #require(Files.read("\(ShimBinary.root)/README.md"))
      for known in KnownDifference.all { #expect(text.contains("| \(known.reason) |")) }
    }

    @Test func underItsOwnName() throws {
      try compare(\.ours)
    }

    @Test func underTheNameOfContainerdsShim() throws {
      try compare(\.replaced)
    }

    /// Apart from the others. A checkpoint fails where CRIU does not work: in the same words then.
    @Test(arguments: [Script.restart, .checkpoint]) func aloneAndInTurn(script: Script) throws {
      try Containerd.run { containerd in
        let answers = try [(Self.stock, "r"), (Containerd.oci, "s")].map {
          try ScriptPlayer(containerd, $0, letter: $1, [script]).play()
        }
        #expect(differences(answers[0], answers[1]) == [])
      }
    }

    /// Otherwise the stock shim would be compared with itself.
    private static func expectOurs(_ containerd: Containerd) throws {
      let id = "compared-\(getpid())"
      try containerd.runSleeper(id, runtime: stock)
      let program = try FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(try containerd.shim(of: id))/exe")
      guard program.hasSuffix("/\(ShimBinary.oci)") else { throw TestFailure("runs \(program)") }
      try containerd.endTask(id)
      try containerd.ctr("container", "rm", id).expectSuccess()
    }

    /// Most of their time players wait for others: on threads of their own it passes sooner.
    private static func together(_ players: [ScriptPlayer]) throws -> [[Note]] {
      // Each thread uses a player and an element of its own.
      nonisolated(unsafe) let players = players
      let results = Mutex<[Int: Result<[Note], any Error>]>([:])
      DispatchQueue.concurrentPerform(iterations: players.count) { number in
        let result = Result { try players[number].play() }
        results.withLock { $0[number] = result }
      }
      return try players.indices.map { number in
        try #require(results.withLock { $0[number] }).get()
      }
    }

    /// Fails for a difference that is not known and comes again, and for a known one that is gone. Once
    /// is nothing: ctr 1.6 leaves an output when it hears of the exit, read or not, under containerd's
    /// own shim too.
    private func compare(_ ours: (Recording) -> [Note]) throws {
      let recorded = try Self.recorded.get()
      let known = KnownDifference.all.map(\.difference)
      let found = differences(recorded.stock, ours(recorded))
      let names = Set(found.filter { !known.contains($0) }.map(\.script))
      if !names.isEmpty {
        let again = try Self.record(Script.all.filter { names.contains($0.name) })
        for difference in differences(again.stock, ours(again)) where !known.contains(difference) {
          Issue.record("a new difference: \(difference)")
        }
      }
      for difference in known where !found.contains(difference) {
        Issue.record("no longer so: \(difference)")
      }
    }

    private func differences(_ stock: [Note], _ ours: [Note]) -> [Difference] {
      #expect(stock.count == ours.count)
      return zip(stock, ours).compactMap { stock, ours in
        if stock == ours { return nil }
        return Difference(
          script: stock.script, command: stock.command, part: stock.part, stock: stock.text,
          ours: ours.text)
      }
    }
  }
}
