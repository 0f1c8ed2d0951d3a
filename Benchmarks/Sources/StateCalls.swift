// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// The RPC State of a running container: one call after the other, then many in flight on one connection.
struct StateCalls: Benchmark {
  static let name = "rpc"

  private static let inFlight = 64
  /// Of each subject. A client and its shim stay on one CPU or on two, as the kernel has once placed them,
  /// and that changes the latency fivefold: one shim would measure the kernel's choice.
  private static let count = 8
  private static let permille =
    [1, 10] + Array(stride(from: 50, through: 950, by: 50)) + [990, 995, 999]

  /// Somebody who answers, and our connection.
  private struct Server {
    let client: StateClient
    let time: ProcessorTime
    /// The limit's, which ends with this.
    var process: Subprocess?
  }

  func run(_ scale: Scale) throws -> [Row] {
    var rows: [Row] = []
    try Containers.run(Self.name, count: Self.count) { containers in
      var servers: [Subject: [Server]] = [:]
      for shim in Shim.allCases {
        servers[Subject(shim)] = try containers[shim].map { container in
          let address = try containers.containerd.shimAddress(container.id)
          return Server(
            client: try StateClient(
              ShimClient.socket(of: address), container.id, inFlight: Self.inFlight),
            time: container.time)
        }
      }
      let size = try answerSize(containers[.ours][0])
      servers[.limit] = try (0..<Self.count).map { number in
        try startLimit("\(containers.containerd.folder)/limit-\(number).sock", size)
      }
      rows = try oneByOne(servers, scale) + manyAtOnce(servers, scale)
    }
    return rows
  }

  /// Of our answer in the response to a State, which the C server's is to have too.
  private func answerSize(_ container: Containers.Container) throws -> Int {
    let request = StateRequest.with { $0.id = container.id }
    let payload = try container.client.finish(container.client.begin("State", request))
    guard try StateResponse(serializedBytes: payload).status == .running else {
      throw TestFailure("\(container.id) does not run")
    }
    return Wire.field(2, payload).count
  }

  private func startLimit(_ path: String, _ size: Int) throws -> Server {
    let limit = try Subprocess([LimitProgram.path("state-server"), path, "\(size)"])
    try limit.output.wait(for: "ready") { $0.lines == ["ready"] }
    return Server(
      client: try StateClient(path, "limit", inFlight: Self.inFlight),
      time: try ProcessorTime(of: limit.pid), process: limit)
  }

  private func oneByOne(_ servers: [Subject: [Server]], _ scale: Scale) throws -> [Row] {
    let block = 1000
    let blocks = scale.pick(40, quick: 8)
    var latencies = Series()
    var costs = Series()
    var times = [Int64](repeating: 0, count: block)
    for server in servers.values.joined() { try server.client.measure(&times) }  // all is warm then
    try Subject.allCases.alternate(blocks) { subject, round in
      guard let server = servers[subject]?[round % Self.count] else { return }
      let used = try server.time.seconds
      try server.client.measure(&times)
      costs.add(try (server.time.seconds - used) * 1e3 * 10_000 / Double(block), of: subject)
      for time in times { latencies.add(Double(time) / 1e3, of: subject) }
    }
    var raw = RawFigures(columns: ["shim", "permille of requests", "latency (µs)"])
    for subject in Subject.allCases {
      let sorted = latencies.all(of: subject).sorted()
      for share in Self.permille { raw.add(subject, share, sorted[sorted.count * share / 1000]) }
    }
    try raw.write("rpc-latency")
    return [
      latencies.row("State, one at a time: p50", "µs", .ratioAtMost(1)),
      latencies.row("State, one at a time: p99", "µs", at: 0.99, .ratioAtMost(0.6)),
      costs.row("State, one at a time: CPU per 10,000", "ms", .ratioAtMost(0.4)),
    ]
  }

  private func manyAtOnce(_ servers: [Subject: [Server]], _ scale: Scale) throws -> [Row] {
    let block = scale.pick(100_000, quick: 20_000)
    var raw = RawFigures(columns: ["shim", "round", "requests/s", "CPU (ms per 10,000)"])
    var rates = Series()
    for server in servers.values.joined() { _ = try server.client.measure(block) }
    try Subject.allCases.alternate(scale.pick(16, quick: 8)) { subject, round in
      guard let server = servers[subject]?[round % Self.count] else { return }
      let used = try server.time.seconds
      let rate = Double(block) / (try server.client.measure(block))
      let cost = try (server.time.seconds - used) * 1e3 * 10_000 / Double(block)
      raw.add(subject, round, rate, cost)
      rates.add(rate, of: subject)
    }
    try raw.write("rpc-rate")
    return [rates.row("State, \(Self.inFlight) in flight", "requests/s", .ratioAtLeast(2))]
  }
}
