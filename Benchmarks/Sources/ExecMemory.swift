// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// By how much a shim grows that has much to do, for a runtime that makes no containers.
struct ExecMemory: Benchmark {
  static let name = "memory-execs"
  /// Of execs. With fifty Debian's shim takes seconds for each of them.
  private static let atOnce = 10

  func run(_ scale: Scale) throws -> [Row] {
    let execs = scale.pick(10_000, quick: 500)
    let output = scale.pick(1024, quick: 64)
    var raw = RawFigures(columns: ["shim", "execs", "RssAnon (kB)", "page tables (kB)"])
    var growth = Series()
    for shim in Shim.allCases {
      let grown = try grow(shim, execs: execs, output: output) { raw.add(shim, $0, $1, $2) }
      growth.add(Double(grown), of: shim)
    }
    try raw.write(Self.name)
    let name = "\(execs) execs and \(output) MiB of output: growth of RssAnon + page tables"
    return [growth.row(name, "kB", .atMost(64))]
  }

  /// - Parameter note: gets the execs so far, RssAnon and page tables.
  private func grow(
    _ shim: Shim, execs: Int, output: Int, note: (Int, Int, Int) -> Void
  ) throws -> Int {
    var first = 0
    var last = 0
    try PairHost.run { host in
      let started = try host.launch(shim, "fast", host.sleepSpec)
      let client = started.client
      let request = try host.createRequest(
        started.id, runtime: try LimitProgram.path("fast-runtime"))
      let _: CreateTaskResponse = try client.call("Create", request)
      _ = try client.start(started.id)
      let pid = try client.shimPID
      func look(_ done: Int) throws -> Int {
        let now = try ProcessCost.atRest(pid)
        note(done, now.anonymous, now.tables)
        return now.anonymous + now.tables
      }
      first = try look(0)
      for tenth in 1...10 {
        for part in stride(from: 0, to: execs / 10, by: Self.atOnce) {
          let numbers = part..<min(part + Self.atOnce, execs / 10)
          try play(numbers.map { "e\(tenth)-\($0)" }, client)
          _ = host.events.takeAll()
        }
        last = try look(execs / 10 * tenth)
      }
      try stream(output, host, client)
      last = try look(execs)
      try client.kill(started.id, 9)
      _ = try client.wait(started.id)
      _ = try client.delete(started.id)
      try host.shutDown(started)
      try host.remove(started.id)
    }
    return last - first
  }

  /// Execs that all are there at once.
  private func play(_ names: [String], _ client: ShimClient) throws {
    try client.together("Exec", names.map { exec($0, ["exit", "7"]) })
    try client.together("Start", names.map(process))
    for name in names {
      let waited: WaitResponse = try client.call("Wait", process(name))
      guard waited.exitStatus == 7 else { throw TestFailure("\(name): \(waited.exitStatus)") }
    }
    try client.together("Delete", names.map(process))
  }

  /// - Parameter mebibytes: of output.
  private func stream(_ mebibytes: Int, _ host: PairHost, _ client: ShimClient) throws {
    let fifo = "\(host.folder.path)/out"
    try Files.makeFifo(fifo)
    let reader = try Collector(fifo: fifo)
    let bytes = mebibytes << 20
    let _: Google_Protobuf_Empty = try client.call(
      "Exec", exec("stream", ["stream", "1", "\(bytes)"], stdout: fifo))
    let _: StartResponse = try client.call("Start", process("stream"))
    var count = 0
    while !reader.hasEnded {
      reader.read(waiting: 1000)
      count += reader.bytes.count
      reader.clear()
    }
    guard count == bytes else { throw TestFailure("\(count) bytes of \(bytes)") }
    let _: WaitResponse = try client.call("Wait", process("stream"))
    let _: DeleteResponse = try client.call("Delete", process("stream"))
  }

  private func exec(_ name: String, _ args: [String], stdout: String = "") -> ExecProcessRequest {
    .with {
      $0.id = "fast"
      $0.execID = name
      $0.stdout = stdout
      $0.stderr = stdout.isEmpty ? "" : "/dev/null"  // Debian's shim wants both or none
      let words = args.map { "\"\($0)\"" }.joined(separator: ",")
      $0.spec.value = Data(#"{"cwd":"/","args":[\#(words)]}"#.utf8)
    }
  }

  private func process(_ name: String) -> StartRequest {
    .with {
      $0.id = "fast"
      $0.execID = name
    }
  }
}
