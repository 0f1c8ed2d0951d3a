// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf

/// Containers in which the C program `writer` is run, as an exec whose output goes into a FIFO of ours:
/// the same way through a shim as that of a container's first process.
struct Writers {
  /// What a writer writes, see Benchmarks/Limits/writer.c.
  struct Job {
    let bytes: Int
    let size: Int
    /// Microseconds from one write to the next; nil for as fast as it can.
    var period: Int?
  }

  /// What was measured from the moment the writers were let go until the last byte was read.
  struct Flow {
    let seconds: Double
    /// Processor time of the shims, or of the limit.
    let processor: Double
  }

  /// Of our folder, in the containers.
  private static let path = "/bench"

  private let containers: Containers
  private let folder: TemporaryFolder
  private let count: Int

  static func run(_ name: String, count: Int = 1, _ body: (Writers) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: try LimitProgram.path("writer"), toPath: "\(folder.path)/writer")
    try Files.makeFifo("\(folder.path)/gate")
    for number in 0..<count { try Files.makeFifo("\(folder.path)/out-\(number)") }
    let mount = "type=bind,src=\(folder.path),dst=\(path),options=rbind:ro"
    try Containers.run(name, count: count, flags: ["--mount", mount]) { containers in
      try body(Writers(containers: containers, folder: folder, count: count))
    }
  }

  /// Runs as many writers as there are containers of a shim, behind that or behind the limit.
  func measure(_ subject: Subject, _ job: Job) throws -> Flow {
    let drain = try Drain((0..<count).map(output))
    guard let shim = subject.shim else { return try measureLimit(job, drain) }
    let containers = containers[shim]
    for (number, container) in containers.enumerated() {
      try start(container, command(job, number), to: output(number))
    }
    let flow = try flow(job, drain, containers.map(\.time))
    for container in containers { try delete(container) }
    return flow
  }

  /// With the writers in our containers, and so in control groups of their own: beside its relay a
  /// writer would get another share of the processors.
  private func measureLimit(_ job: Job, _ drain: Drain) throws -> Flow {
    let program = try LimitProgram.path("relay")
    var relays: [Subprocess] = []
    for (number, container) in containers[.ours].enumerated() {
      let exec = [
        "runc", "--root", "/run/containerd/runc/\(Containerd.namespace)", "exec", "--detach",
      ]
      relays.append(
        try Subprocess(
          [program, output(number)] + exec + [container.id] + command(job, number)))
      try drain.read(1, of: number)
    }
    // Those not reaped yet have their clocks still when they have ended.
    let flow = try flow(job, drain, relays.map { try ProcessorTime(of: $0.pid) })
    for relay in relays { try relay.wait().expectSuccess() }
    return flow
  }

  private func flow(_ job: Job, _ drain: Drain, _ times: [ProcessorTime]) throws -> Flow {
    try drain.read(1)  // each is there, and its way is open
    let used = try times.seconds
    let began = ContinuousClock.now
    let gate = try Handle.open("\(folder.path)/gate", O_RDWR)  // not waiting for one that reads
    try drain.read(1 + job.bytes)
    let time = ContinuousClock.now - began
    let flow = Flow(seconds: time / .seconds(1), processor: try times.seconds - used)
    try drain.readToEnd(at: 1 + job.bytes)
    return withExtendedLifetime(gate) { flow }
  }

  private func output(_ number: Int) -> String { "\(folder.path)/out-\(number)" }

  /// Paced writers do not write all at the same moment.
  private func command(_ job: Job, _ number: Int) -> [String] {
    var words = ["\(Self.path)/writer", "\(Self.path)/gate", "\(job.bytes)", "\(job.size)"]
    if let period = job.period { words += ["\(period)", "\(period * number / count)"] }
    return words
  }

  private func start(
    _ container: Containers.Container, _ command: [String], to output: String
  ) throws {
    let words = command.map { "\"\($0)\"" }.joined(separator: ",")
    let request = ExecProcessRequest.with {
      $0.id = container.id
      $0.execID = "writer"
      $0.stdout = output
      $0.stderr = "/dev/null"  // stock takes no empty path
      $0.spec.typeURL = "types.containerd.io/opencontainers/runtime-spec/1/Process"
      $0.spec.value = Data(
        #"{"cwd":"/","user":{"uid":0,"gid":0},"args":[\#(words)]}"#.utf8)
    }
    let _: Google_Protobuf_Empty = try container.client.call("Exec", request)
    let _: StartResponse = try container.client.call("Start", process(container))
  }

  /// The fields of Start's request are also those of Wait's and of Delete's.
  private func process(_ container: Containers.Container) -> StartRequest {
    .with {
      $0.id = container.id
      $0.execID = "writer"
    }
  }

  private func delete(_ container: Containers.Container) throws {
    let process = process(container)
    let waited: WaitResponse = try container.client.call("Wait", process)
    guard waited.exitStatus == 0 else { throw TestFailure("a writer: \(waited.exitStatus)") }
    let _: DeleteResponse = try container.client.call("Delete", process)
  }
}
