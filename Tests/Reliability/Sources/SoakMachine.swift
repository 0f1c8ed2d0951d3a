// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// A few containers of real runc, and the steps that they may take; beside them a shim with the fast
/// runtime, which gets most of the execs.
final class SoakMachine {
  enum Step: String, CaseIterable {
    case create, logger, exec, storm, output, pause, update, kill, oom, restart, crash
    case loggerDeath = "logger death"
  }

  private static let most = 4
  let containerd: Containerd
  let fast: FastHost
  let seed: UInt64
  let plant: Plants
  private var events: EventStream
  private var tasks: [SoakTask] = []
  private var made = 0
  private var fastCost: Footprint?
  private(set) var counts: [String: Int] = [:]
  private(set) var execs = 0
  /// What is under way.
  private(set) var last = ""

  init(_ containerd: Containerd, _ fast: FastHost, seed: UInt64, plant: Plants) throws {
    self.containerd = containerd
    self.fast = fast
    self.seed = seed
    self.plant = plant
    events = try EventStream(containerd)
    // `cat` says "ready" by closing, and goes when its input ends.
    let logger = "\(containerd.folder)/logger"
    try "#!/bin/sh\nexec 5>&-\nexec cat <&3 >/dev/null\n".write(
      toFile: logger, atomically: true, encoding: .utf8)
    chmod(logger, 0o755)
  }

  func step(_ choices: inout Choices) throws {
    let step = choices.one(of: [
      (3, Step.create), (1, .logger), (6, .exec), (8, .storm), (4, .output), (3, .pause),
      (2, .update), (2, .kill), (1, .oom), (1, .restart), (1, .crash), (1, .loggerDeath),
    ])
    last = step.rawValue
    guard try play(step, &choices) else { return }
    counts[step.rawValue, default: 0] += 1
    try check()
  }

  /// - Returns: false when there is nobody for it.
  private func play(_ step: Step, _ choices: inout Choices) throws -> Bool {
    switch step {
    case .create, .logger:
      guard tasks.count < Self.most else { return false }
      try create(hasLogger: step == .logger)
      return true
    case .storm:
      try storm(&choices)
      return true
    case .oom:
      try outOfMemory()
      return true
    case .restart:
      try restart(&choices)
      return true
    default:
      let able = tasks.filter { step != .loggerDeath || $0.hasLogger }
      guard !able.isEmpty else { return false }
      let task = able[choices.number(0...able.count - 1)]
      last += " of \(task.id)"
      try play(step, on: task, &choices)
      return true
    }
  }

  private func play(_ step: Step, on task: SoakTask, _ choices: inout Choices) throws {
    switch step {
    case .exec:
      let status = choices.number(0...250)
      try task.end(try task.begin("exit \(status)"), status: status)
      try task.expect(
        "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit", in: events, plant: plant)
    case .output: try output(of: task, &choices)
    case .pause:
      try containerd.ctr("task", "pause", task.id).expectSuccess()
      task.isPaused = true
      try task.expect("/tasks/paused", in: events)
      try check()
      try containerd.ctr("task", "resume", task.id).expectSuccess()
      task.isPaused = false
      try task.expect("/tasks/resumed", in: events)
    case .update:
      let limit = choices.number(64...128) << 20
      let _: Google_Protobuf_Empty = try task.client.call(
        "Update",
        UpdateTaskRequest.with {
          $0.id = task.id
          $0.resources.value = Data(#"{"memory":{"limit":\#(limit)}}"#.utf8)
        })
      let groups = [
        "memory/default/\(task.id)/memory.limit_in_bytes", "default/\(task.id)/memory.max",
      ]
      let said = groups.compactMap { Files.read("/sys/fs/cgroup/\($0)") }.first
      guard said == "\(limit)\n" else { throw Violation("limit \(said ?? "none"), not \(limit)") }
    case .kill: try kill(task)
    case .crash:
      Foundation.kill(task.shim, SIGKILL)
      try task.expect("/tasks/exit", "/tasks/delete", in: events)
      try forget(task, status: task.lastStatus(in: events))
    default:
      let loggers = Processes.children(of: task.shim).filter { $0 != task.pid }
      for pid in loggers { Foundation.kill(pid, SIGKILL) }
      try eventually("the logger is gone") { loggers.allSatisfy(Processes.isGone) }
      try task.end(try task.begin("exit 3"), status: 3)
      try task.expect("/tasks/exec-added", "/tasks/exec-started", "/tasks/exit", in: events)
    }
  }

  private func create(hasLogger: Bool) throws {
    made += 1
    let id = "soak-\(getpid())-\(made)"
    let io = hasLogger ? ["--log-uri", "binary://\(containerd.folder)/logger"] : []
    try containerd.runSleeper(id, flags: ["--memory-limit", "134217728"] + io)
    tasks.append(try SoakTask(id, containerd, events, hasLogger: hasLogger))
  }

  private func kill(_ task: SoakTask) throws {
    try task.client.kill(task.id, 9)
    guard try task.client.wait(task.id).exitStatus == 137 else { throw Violation("not 137") }
    try containerd.awaitState(task.id, "STOPPED")
    let removal = try containerd.ctr("task", "rm", task.id)
    guard removal.errors.contains("exit code 137") else {
      throw Violation("task rm of a killed one: \(removal.errors)")
    }
    try task.expect("/tasks/exit", "/tasks/delete", in: events)
    try forget(task, status: task.lastStatus(in: events))
  }

  /// Its last event was told with this status.
  private func forget(_ task: SoakTask, status: Int) throws {
    guard status == 137 else { throw Violation("\(task.id) was killed: status \(status)") }
    tasks.removeAll { $0 === task }
    try eventually("its processes are gone") {
      Processes.isGone(task.pid) && Processes.isGone(task.shim)
    }
    try containerd.ctr("container", "rm", task.id).expectSuccess()
    if Files.exists(containerd.bundle(task.id)) { throw Violation("its bundle is left") }
  }

  private func outOfMemory() throws {
    made += 1
    let id = "soak-\(getpid())-\(made)"
    let ending = try containerd.runContainer(
      id, "sh", "-c", "x=0123456789abcdef; while :; do x=$x$x; done",
      flags: ["--memory-limit", "16777216"])
    guard ending.status == 137 else { throw Violation("out of memory: status \(ending.status)") }
    try events.wait(for: "/tasks/delete", of: id)
    let topics = ["create", "start", "oom", "exit", "delete"].map { "/tasks/\($0)" }
    guard events.topics(of: id) == topics else {
      throw Violation("out of memory: \(events.topics(of: id))")
    }
  }

  /// containerd goes, as told or by SIGKILL, and comes back. A container writes meanwhile.
  private func restart(_ choices: inout Choices) throws {
    for task in tasks { task.keepEvents(of: events) }
    if choices.once(in: 2) { try containerd.crash() } else { try containerd.stop() }
    usleep(UInt32(choices.number(0...300_000)))
    try containerd.start()
    events = try EventStream(containerd)
    for task in tasks { try task.reconnect() }
  }

  private func storm(_ choices: inout Choices) throws {
    let batch = ExecBatch(fast: fast, plant: plant)
    for _ in 1...4 {
      try batch.play(numbers: execs..<execs + 50, &choices)
      execs += 50
    }
    if execs >= 1000 && fastCost == nil { fastCost = try Footprint.whenAsleep(fast.shim) }
  }

  /// Lines through a reader that comes and goes.
  private func output(of task: SoakTask, _ choices: inout Choices) throws {
    let path = "\(containerd.folder)/out-\(task.id)"
    try Files.makeFifo(path)
    defer { unlink(path) }
    let lines = choices.number(1...20_000)
    // Asked by read alone: a FIFO whose writers went before we came is not "ready" for poll.
    var reader: Handle? = try Handle.open(path, O_RDONLY | O_NONBLOCK)
    let process = try task.begin("seq 1 \(lines)", stdout: path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    let deadline = ContinuousClock.now + .patience
    while let current = reader {
      let count = Foundation.read(current.number, &buffer, buffer.count)
      if count == 0 { break }
      if count > 0 { plant.distort(&bytes, adding: Array(buffer[..<count])) }
      guard .now < deadline else { throw Violation("the output of \(process.execID) has no end") }
      if count < 0 { usleep(500) }
      guard choices.once(in: 16) else { continue }
      reader = nil
      usleep(UInt32(choices.number(0...5000)))
      reader = try Handle.open(path, O_RDONLY | O_NONBLOCK)
    }
    try task.end(process, status: 0)
    guard bytes == Array((1...lines).map { "\($0)\n" }.joined().utf8) else {
      throw Violation("\(lines) lines: \(bytes.count) bytes have come, and not the right ones")
    }
    try task.expect("/tasks/exec-added", "/tasks/exec-started", "/tasks/exit", in: events)
  }

  private func check() throws {
    let listed = try containerd.tasks()
    for task in tasks { try task.check(listed[task.id], plant: plant) }
    guard listed.count == tasks.count else {
      throw Violation("listed are \(listed.keys.sorted()), and there are \(tasks.map(\.id))")
    }
    guard let fastCost else { return }
    try Execs.compare(fastCost, plant.distort(try Footprint.wait(for: fastCost, of: fast.shim)))
  }

  /// All goes, and nothing is left.
  func end() throws {
    last = "the end"
    for task in tasks { try kill(task) }
    try check()
  }
}
