// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What a process costs at a moment.
package struct Footprint: CustomStringConvertible {
  /// Private memory (kB).
  package let memory: Int
  package let descriptors: Int
  package let threads: Int
  /// How often it has slept: unchanged, it has not run.
  package let sleeps: Int

  package init(of pid: Int32) throws {
    guard let memory = Processes.number("RssAnon", of: pid),
      let threads = Processes.number("Threads", of: pid),
      let sleeps = Processes.number("voluntary_ctxt_switches", of: pid)
    else { throw TestFailure("process \(pid) is gone") }
    self.memory = memory
    self.threads = threads
    self.sleeps = sleeps
    descriptors = Processes.descriptors(of: pid).count
  }

  /// Another one, for tests of those who judge it.
  package init(memory: Int, descriptors: Int, threads: Int) {
    self.memory = memory
    self.descriptors = descriptors
    self.threads = threads
    sleeps = 0
  }

  package var description: String { "\(memory) kB, \(descriptors) descriptors, \(threads) threads" }

  /// What a process costs that has nothing more to do: after its last answer it still has to get to
  /// its next sleep.
  package static func whenAsleep(_ pid: Int32) throws -> Footprint {
    try eventually("process \(pid) is asleep") {
      let before = try Footprint(of: pid)
      usleep(300_000)
      let after = try Footprint(of: pid)
      return after.sleeps == before.sleeps ? after : nil
    }
  }

  /// Waits until a process holds no more descriptors than before, and at most so much more memory
  /// (kB), and tells what it costs then. A shim returns its free memory a moment after its last
  /// answer: until then it holds some 40 kB more.
  @discardableResult
  package static func wait(
    for before: Footprint, growth: Int = .max, of pid: Int32
  ) throws -> Footprint {
    var now = try Footprint(of: pid)
    try eventually("it costs no more", told: { "\(before), now \(now)" }) {
      now = try Footprint(of: pid)
      return now.descriptors <= before.descriptors && now.memory - growth <= before.memory
    }
    return now
  }
}
