// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support

/// A thousand containers in one shim, of a runtime that makes none: this is about the shim.
struct Thousand: Benchmark {
  static let name = "thousand"

  func run(_ scale: Scale) throws -> [Row] {
    let count = scale.pick(1000, quick: 200)
    var times: [Double] = []
    try PairHost.run { host in
      let ids = (1...count).map { "c\($0)" }
      let shim = try host.launch(.ours, ids[0], host.sleepSpec)
      let client = shim.client
      for id in ids.dropFirst() { try host.makeBundle(id, host.sleepSpec) }
      for id in ids {
        let request = try host.createRequest(
          id, runtime: try LimitProgram.path("fast-runtime"), mounts: false)
        let _: CreateTaskResponse = try client.call("Create", request)
        _ = try client.start(id)
      }
      for _ in 1...10 {
        for id in ids {
          let began = Clock.milliseconds
          let state = try client.state(id)
          times.append(Clock.milliseconds - began)
          guard state.status == .running else { throw TestFailure("\(id) is \(state.status)") }
        }
      }
      for id in ids {
        try client.kill(id, 9)
        _ = try client.wait(id)
        _ = try client.delete(id)
      }
      try host.shutDown(shim)
      for id in ids.dropFirst() { try host.removeBundle(id) }
      try host.remove(shim.id)
    }
    return [
      Row(
        name: "\(count) containers in one shim: State, p99", unit: "ms",
        ours: times.quantile(0.99), goals: [.atMost(2)])
    ]
  }
}
