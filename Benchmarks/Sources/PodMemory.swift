// SPDX-License-Identifier: Apache-2.0

import Support

/// What a further container costs in a shim that has some: a large pod.
struct PodMemory: Benchmark {
  static let name = "memory-pod"

  func run(_ scale: Scale) throws -> [Row] {
    let further = scale.pick(100, quick: 10)
    var raw = RawFigures(columns: ["shim", "containers", "RssAnon (kB)"])
    var costs = Series()
    try Containerd.run { containerd in
      for shim in Shim.allCases {
        let pod = "\(shim)-pod"
        try containerd.remember(pod)
        let flags = ["--annotation", "io.containerd.runc.v2.group=\(pod)"]
        let ids = (1...further).map { "\(pod)-\($0)" }
        try containerd.ctr(together: [containerd.sleeper(pod, shim, flags: flags)])
        let pid = try containerd.shims(of: [pod])[0]
        let before = try ProcessCost.atRest(pid).anonymous
        try containerd.ctr(together: ids.map { containerd.sleeper($0, shim, flags: flags) })
        let after = try ProcessCost.atRest(pid).anonymous
        guard try containerd.shims(of: [pod]) == [pid], Processes.children(of: pid).count > further
        else { throw TestFailure("not one shim of \(further) containers") }
        raw.add(shim, 1, before)
        raw.add(shim, 1 + further, after)
        costs.add(Double(after - before) / Double(further), of: shim)
        try containerd.removeTasks(ids)
        try containerd.removeTasks([pod])
      }
    }
    try raw.write(Self.name)
    return [
      costs.row("\(further) further containers in one shim: RssAnon of each", "kB", .atMost(12))
    ]
  }
}
