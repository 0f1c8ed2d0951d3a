// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
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

  init(_ name: String?) throws {
    guard let plant = Self(rawValue: name ?? "none") else {
      throw Violation("there is no plant of the name \(name ?? "")")
    }
    self = plant
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
    guard self == .byteChanged, offset > 20 << 20 else { return }
    bytes[count / 2] ^= 1
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
