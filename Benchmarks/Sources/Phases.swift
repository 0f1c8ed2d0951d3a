// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// What a shim adds to runc's own time, at its socket: without containerd and its client.
struct Phases: Benchmark {
  static let name = "start-phases"

  func run(_ scale: Scale) throws -> [Row] {
    var raw = RawFigures(columns: ["shim", "phase", "ms total", "ms beyond"])
    var lives = Record()
    var execs = Record()
    var floor = 0.0
    try PairHost.run { host in
      let meter = try PhaseMeter(in: host.folder.path)
      floor = try meter.floor()
      try Shim.allCases.alternate(scale.pick(50, quick: 8)) { shim, pair in
        lives.add(try live(shim, "\(shim)-\(pair)", host, meter), of: shim)
      }
      try measureExecs(scale.pick(100, quick: 15), host, meter, &execs)
    }
    lives.write(to: &raw)
    execs.write(to: &raw)
    try raw.write(Self.name)
    let life: Set = ["Create", "Start", "Wait", "Delete"]
    return [
      // runc runs thrice: create, start, delete.
      lives.row("create, start, wait, delete of true: beyond runc", life, limit: 3 * floor),
      execs.row(
        "exec of true: beyond runc", Set(life.map { "exec \($0)" } + ["exec Exec"]), limit: floor),
    ]
  }

  /// All of a container with a shim of its own.
  private func live(
    _ shim: Shim, _ id: String, _ host: PairHost, _ meter: PhaseMeter
  ) throws -> [PhaseMeter.Phase] {
    let started = try host.launch(shim, id, host.trueSpec)
    let client = started.client
    let request = try host.createRequest(id, runtime: meter.runtime)
    try meter.measure("Create") { let _: CreateTaskResponse = try client.call("Create", request) }
    let wait = try client.begin("Wait", WaitRequest.with { $0.id = id })
    _ = try meter.measure("Start") { try client.start(id) }
    _ = try meter.measure("Wait") { try client.finish(wait) }
    _ = try meter.measure("Delete") { try client.delete(id) }
    try meter.measure("Shutdown") { try host.shutDown(started) }
    let phases = try meter.take()
    try host.remove(id)
    let start = started.startTime
    return [PhaseMeter.Phase(name: "start command", total: start, beyond: start)] + phases
  }

  /// In a container of each shim that goes on.
  private func measureExecs(
    _ pairs: Int, _ host: PairHost, _ meter: PhaseMeter, _ record: inout Record
  ) throws {
    var hosted: [Shim: HostedShim] = [:]
    for shim in Shim.allCases {
      let started = try host.launch(shim, "\(shim)", host.sleepSpec)
      let request = try host.createRequest(started.id, runtime: meter.runtime)
      let _: CreateTaskResponse = try started.client.call("Create", request)
      _ = try started.client.start(started.id)
      hosted[shim] = started
    }
    _ = try meter.take()
    try Shim.allCases.alternate(pairs) { shim, pair in
      guard let started = hosted[shim] else { return }
      record.add(try exec("exec-\(pair)", started, meter), of: shim)
    }
    for started in hosted.values {
      try started.client.kill(started.id, 9)
      _ = try started.client.wait(started.id)
      _ = try started.client.delete(started.id)
      try host.shutDown(started)
      try host.remove(started.id)
    }
  }

  private func exec(
    _ name: String, _ shim: HostedShim, _ meter: PhaseMeter
  ) throws -> [PhaseMeter.Phase] {
    let client = shim.client
    let request = ExecProcessRequest.with {
      $0.id = shim.id
      $0.execID = name
      $0.spec.value = Data(#"{"cwd":"/","args":["true"],"env":["PATH=/bin"]}"#.utf8)
    }
    let process = StartRequest.with {
      $0.id = shim.id
      $0.execID = name
    }
    try meter.measure("exec Exec") {
      let _: Google_Protobuf_Empty = try client.call("Exec", request)
    }
    let wait = try client.begin("Wait", process)
    try meter.measure("exec Start") { let _: StartResponse = try client.call("Start", process) }
    _ = try meter.measure("exec Wait") { try client.finish(wait) }
    try meter.measure("exec Delete") { let _: DeleteResponse = try client.call("Delete", process) }
    return try meter.take()
  }
}

/// Phases of many lives of both shims.
private struct Record {
  private var lives: [Shim: [[PhaseMeter.Phase]]] = [:]

  mutating func add(_ phases: [PhaseMeter.Phase], of shim: Shim) {
    lives[shim, default: []].append(phases)
  }

  func write(to raw: inout RawFigures) {
    for shim in Shim.allCases {
      let all = lives[shim] ?? []
      for (index, phase) in (all.first ?? []).enumerated() {
        raw.add(
          shim, phase.name, all.map { $0[index].total }.median,
          all.map { $0[index].beyond }.median)
      }
    }
  }

  /// The median of what some phases take together beyond the runtime.
  func row(_ name: String, _ phases: Set<String>, limit: Double) -> Row {
    var sums = Series()
    for (shim, all) in lives {
      for life in all {
        sums.add(life.filter { phases.contains($0.name) }.reduce(0) { $0 + $1.beyond }, of: shim)
      }
    }
    sums.add(limit, of: .limit)
    return sums.row(name, "ms", .ratioAtMost(0.3))
  }
}
