// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// Output on a terminal, of an exec and of a container's first process, into a FIFO with a fast reader. In
/// pieces of 1 KiB, as stdio writes there.
struct Terminals: Benchmark {
  static let name = "terminal"

  private static let size = 1024
  private static let rootfs = "rootfs"

  func run(_ scale: Scale) throws -> [Row] {
    let bytes = scale.pick(128, quick: 32) << 20
    let gibibytes = Double(bytes) / Double(1 << 30)
    var raw = RawFigures(columns: ["process", "shim", "round", "GB/s", "CPU (s/GiB)"])
    var rows: [Row] = []
    try PairHost.run { host in
      try prepare(host)
      let sleepers = try Shim.allCases.map { ($0, try launch($0, "\($0)", host)) }
      for (_, sleeper) in sleepers { try create(sleeper, host) }
      for process in ["exec", "init"] {
        var rates = Series()
        var costs = Series()
        try Shim.allCases.alternate(scale.pick(7, quick: 3)) { shim, round in
          let flow =
            if process == "exec", let sleeper = sleepers.first(where: { $0.0 == shim })?.1 {
              try exec("exec-\(round)", sleeper, host, bytes)
            } else {
              try first("init-\(shim)-\(round)", shim, host, bytes)
            }
          let rate = Double(bytes) / 1e9 / flow.seconds
          let cost = flow.processor / gibibytes
          raw.add(process, shim, round, rate, cost)
          rates.add(rate, of: shim)
          costs.add(cost, of: shim)
        }
        let row = "output on a terminal, \(process)"
        rows.append(rates.row(row, "GB/s", .ratioAtLeast(1)))
        rows.append(costs.row("\(row): CPU per GiB", "s", .ratioAtMost(1)))
      }
      for (_, sleeper) in sleepers {
        try sleeper.client.kill(sleeper.id, 9)
        _ = try sleeper.client.wait(sleeper.id)
        try end(sleeper, host)
      }
    }
    try raw.write(Self.name)
    return rows
  }

  /// The writer and its gate, in the root file system.
  private func prepare(_ host: PairHost) throws {
    let root = "\(host.folder.path)/\(Self.rootfs)"
    try FileManager.default.copyItem(
      atPath: try LimitProgram.path("writer"), toPath: "\(root)/bin/writer")
    try Files.makeFifo("\(root)/gate")
    try Files.makeFifo(output(host))
  }

  private func output(_ host: PairHost) -> String { "\(host.folder.path)/out" }

  private func writer(_ bytes: Int) -> [String] {
    ["/bin/writer", "/gate", "\(bytes)", "\(Self.size)"]
  }

  private func launch(
    _ shim: Shim, _ id: String, _ host: PairHost, spec: String? = nil
  ) throws -> HostedShim {
    try host.launch(shim, id, spec ?? host.sleepSpec)
  }

  private func create(_ shim: HostedShim, _ host: PairHost, terminal: String? = nil) throws {
    var request = try host.createRequest(shim.id, runtime: "runc")
    request.terminal = terminal != nil
    request.stdout = terminal ?? "/dev/null"
    if terminal == nil { request.stderr = "/dev/null" }  // stock takes no empty path
    let _: CreateTaskResponse = try shim.client.call("Create", request)
    if terminal == nil { _ = try shim.client.start(shim.id) }
  }

  private func exec(
    _ id: String, _ shim: HostedShim, _ host: PairHost, _ bytes: Int
  ) throws -> Writers.Flow {
    let drain = try Drain([output(host)])
    let process = StartRequest.with {
      $0.id = shim.id
      $0.execID = id
    }
    let words = writer(bytes).map { "\"\($0)\"" }.joined(separator: ",")
    let request = ExecProcessRequest.with {
      $0.id = shim.id
      $0.execID = id
      $0.terminal = true
      $0.stdout = output(host)
      $0.spec.typeURL = "types.containerd.io/opencontainers/runtime-spec/1/Process"
      $0.spec.value = Data(
        #"{"terminal":true,"cwd":"/","user":{"uid":0,"gid":0},"args":[\#(words)]}"#.utf8)
    }
    let _: Google_Protobuf_Empty = try shim.client.call("Exec", request)
    let _: StartResponse = try shim.client.call("Start", process)
    let flow = try flow(shim, host, drain, bytes)
    let _: WaitResponse = try shim.client.call("Wait", process)
    let _: DeleteResponse = try shim.client.call("Delete", process)
    return flow
  }

  /// A container whose first process is the writer.
  private func first(
    _ id: String, _ shim: Shim, _ host: PairHost, _ bytes: Int
  ) throws -> Writers.Flow {
    let drain = try Drain([output(host)])
    var spec =
      try JSONSerialization.jsonObject(with: Data(host.sleepSpec.utf8)) as? [String: Any] ?? [:]
    var process = spec["process"] as? [String: Any] ?? [:]
    process["args"] = writer(bytes)
    process["terminal"] = true
    spec["process"] = process
    let text = try JSONSerialization.data(withJSONObject: spec)
    let started = try launch(shim, id, host, spec: String(decoding: text, as: UTF8.self))
    try create(started, host, terminal: output(host))
    _ = try started.client.start(id)
    let flow = try flow(started, host, drain, bytes)
    _ = try started.client.wait(id)
    try end(started, host)
    return flow
  }

  private func end(_ shim: HostedShim, _ host: PairHost) throws {
    _ = try shim.client.delete(shim.id)
    try host.shutDown(shim)
    try host.remove(shim.id)
  }

  /// From the moment the writer is let go until the last byte is read: at least as many as it writes, for
  /// a terminal makes two of a line's end.
  private func flow(
    _ shim: HostedShim, _ host: PairHost, _ drain: Drain, _ bytes: Int
  ) throws -> Writers.Flow {
    let time = try ProcessorTime(of: try shim.client.shimPID)
    try drain.read(1)
    let used = try time.seconds
    let began = ContinuousClock.now
    let gate = try Handle.open("\(host.folder.path)/\(Self.rootfs)/gate", O_RDWR)
    try drain.read(1 + bytes)
    let took = ContinuousClock.now - began
    let flow = Writers.Flow(seconds: took / .seconds(1), processor: try time.seconds - used)
    try drain.readToEnd()
    return withExtendedLifetime(gate) { flow }
  }
}
