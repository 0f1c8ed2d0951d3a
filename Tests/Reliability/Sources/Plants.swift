// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support

/// A bug that is planted to be found. None of them is in the shim: what it says is distorted on its way
/// to those who judge it, or a program beside it lies.
enum Plants: String, CaseIterable {
  case none
  // Of killrounds.
  case staleRunning = "stale-running"
  case eventTwice = "event-twice"
  case eventsSwapped = "events-swapped"
  case deleteForgets = "delete-forgets"
  case deleteSpares = "delete-spares"
  case deleteSaysZero = "delete-says-zero"
  case deleteKillsNamesakes = "delete-kills-namesakes"
  case outputChanged = "output-changed"
  // Of execs, and so of soak.
  case eventLost = "event-lost"
  case exitTwice = "exit-twice"
  case execsSwapped = "execs-swapped"
  case execStatus = "exec-status"
  case memory
  case descriptor
  case thread
  // Of stream.
  case byteChanged = "byte-changed"
  case bytesLost = "bytes-lost"
  // Of soak: a child of the shim that nobody knows.
  case orphan

  init(_ name: String?) throws {
    guard let plant = Self(rawValue: name ?? "none") else {
      throw Violation("there is no plant of the name \(name ?? "")")
    }
    self = plant
  }

  /// Shims to be found before ours: a program of the name that spoils `delete`, or a runc that does.
  ///
  /// - Parameter folder: gets it.
  func shims(in folder: String) throws -> String? {
    let real = try ShimBinary.path(ShimBinary.oci)
    let spoiled: String
    switch self {
    case .deleteForgets: spoiled = #"rm -f exits"#
    case .deleteSpares: spoiled = "exit 0"
    case .deleteKillsNamesakes:
      spoiled = #"""
        id=$(printf '%s\n' "$@" | grep -A 1 -x -e -id | tail -n 1)
        for p in /proc/[0-9]*; do ! grep -qs "/$id\$" "$p/cgroup" || kill -9 "${p#/proc/}"; done
        """#
    case .deleteSaysZero: spoiled = #""$real" "$@" >/dev/null; exit 0"#
    default: return nil
    }
    try Files.makeFolder(folder)
    // `start` passes its own name on: the daemon is the real one.
    let script = """
      #!/bin/bash
      real=\(real)
      if [ "${@: -1}" = delete ]; then \(spoiled); fi
      exec -a "$0" "$real" "$@"
      """
    let path = "\(folder)/\(ShimBinary.oci)"
    try script.write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o755)
    return folder
  }

  // -- What the shim says, distorted ---------------------------------------------------------------

  /// The last state of a task that is gone.
  func distort(_ task: (pid: Int32, state: String)?) -> (pid: Int32, state: String)? {
    guard self == .staleRunning else { return task }
    return task.map { ($0.pid, "RUNNING") } ?? (Int32.max, "RUNNING")
  }

  func distort(_ events: [EventStream.Event]) -> [EventStream.Event] {
    switch self {
    case .eventTwice: events.last.map { events + [$0] } ?? events
    case .eventsSwapped: events.reversed()
    default: events
    }
  }

  func distort(_ events: [Envelope]) -> [Envelope] {
    guard !events.isEmpty else { return events }
    switch self {
    case .eventLost: return Array(events.dropLast())
    case .exitTwice: return events + events.filter { $0.topic == "/tasks/exit" }.suffix(1)
    case .execsSwapped: return events.reversed()
    default: return events
    }
  }

  func distort(_ bytes: inout [UInt8], _ count: Int, at offset: Int) {
    if self == .byteChanged, offset > 20 << 20 { bytes[count / 2] ^= 1 }
    if self == .bytesLost, offset > 20 << 20 { bytes.withUnsafeMutableBytes { $0.rotate(by: 7) } }
  }

  /// Processes of a shim that are not its containers'.
  func distort(_ strangers: [Int32]) -> [Int32] {
    self == .orphan ? strangers + [1, 1] : strangers
  }

  /// Output that somebody gathers.
  func distort(output bytes: [UInt8]) -> [UInt8] {
    guard self == .outputChanged, bytes.count > 10 else { return bytes }
    var changed = bytes
    changed[bytes.count / 2] ^= 1
    return changed
  }

  /// Of a reader that gathers all.
  func distort(_ bytes: inout [UInt8], adding more: [UInt8]) {
    bytes += self == .bytesLost && more.count > 100 ? Array(more.dropFirst(7)) : more
  }

  func distort(_ cost: Footprint) -> Footprint {
    Footprint(
      memory: cost.memory + (self == .memory ? 500 : 0),
      descriptors: cost.descriptors + (self == .descriptor ? 1 : 0),
      threads: cost.threads + (self == .thread ? 1 : 0))
  }
}

extension UnsafeMutableRawBufferPointer {
  /// As if the first bytes had been lost.
  fileprivate func rotate(by count: Int) {
    guard self.count > count, let start = baseAddress else { return }
    memmove(start, start + count, self.count - count)
  }
}
