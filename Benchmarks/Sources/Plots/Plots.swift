// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// Draws the figures that the last whole run has left.
enum Plots {
  static func draw() throws {
    try memoryOverContainers()
    try memoryOverExecs()
    try phases()
    try output()
    try latencies()
  }

  private static func memoryOverContainers() throws {
    try draw(
      "memory-containers", "Memory of all shims, one for each container", "containers", .linear,
      "Pss (kB)", .linear)
  }

  private static func memoryOverExecs() throws {
    try draw("memory-execs", "Memory of one shim", "execs", .linear, "RssAnon (kB)", .linear)
  }

  private static func latencies() throws {
    try draw(
      "rpc-latency", "State, one call at a time", "permille of requests", .nines, "latency (µs)",
      .logarithmic)
  }

  private static func draw(
    _ name: String, _ title: String, _ x: String, _ xKind: Axis.Kind, _ y: String,
    _ yKind: Axis.Kind
  ) throws {
    let figures = try RawFigures.read(name)
    let lines = Subjects.all(in: figures.compactMap { $0["shim"] }).map { subject in
      (
        subject: subject,
        points: figures.filter { $0["shim"] == subject }.compactMap { line in
          number(line, x).flatMap { x in number(line, y).map { (x: x, y: $0) } }
        }
      )
    }
    let points = lines.flatMap(\.points)
    try write(
      name,
      LinePlot(
        title: title, x: Axis(xKind == .nines ? "of all calls" : x, xKind, points.map(\.x)),
        y: Axis(y, yKind, points.map(\.y)),
        lines: lines
      ).draw())
  }

  /// What a shim adds to the runtime's own time.
  private static func phases() throws {
    let figures = try RawFigures.read("start-phases")
    var names: [String] = []
    for name in figures.compactMap({ $0["phase"] }) where !names.contains(name) {
      names.append(name)
    }
    let groups = names.map { name in
      (name: name, bars: medians(figures.filter { $0["phase"] == name }, "ms beyond"))
    }
    let title = "From nothing to the end of a container: beyond runc's own time"
    try write("start-phases", BarPlot(title: title, unit: "ms", groups: groups).draw())
  }

  private static func output() throws {
    let figures = try RawFigures.read("throughput")
    for (name, column, unit, title) in [
      ("throughput", "GB/s", "GB/s", "Output, 64 KiB writes: throughput"),
      ("throughput-cpu", "CPU (s/GiB)", "s", "Output, 64 KiB writes: the shim's CPU for a GiB"),
    ] {
      let groups = [(name: "", bars: medians(figures, column))]
      try write(name, BarPlot(title: title, unit: unit, groups: groups).draw())
    }
  }

  private static func medians(
    _ figures: [[String: String]], _ column: String
  ) -> [(subject: String, value: Double)] {
    Subjects.all(in: figures.compactMap { $0["shim"] }).map { subject in
      (subject, figures.filter { $0["shim"] == subject }.compactMap { number($0, column) }.median)
    }
  }

  private static func number(_ line: [String: String], _ column: String) -> Double? {
    line[column].flatMap { Double($0) }
  }

  private static func write(_ name: String, _ drawing: String) throws {
    try drawing.write(
      toFile: "\(RawFigures.folder)/\(name).svg", atomically: true, encoding: .utf8)
  }
}

/// Whose figures there may be, in the order of their lines and bars.
enum Subjects {
  private static let names = [
    ("ours", "this shim"), ("stock", "containerd-shim-runc-v2"), ("limit", "C, only this job"),
  ]

  static func all(in found: [String]) -> [String] { names.map(\.0).filter(found.contains) }

  static func name(_ subject: String) -> String { names.first { $0.0 == subject }?.1 ?? subject }
}
