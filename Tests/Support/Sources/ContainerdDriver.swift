// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Plays containerd for a shim, in the way of a version: a state directory, an events service, a
/// table of shims, and containerd's calls in containerd's order. It has one thread: what containerd
/// does when a connection is lost, a test asks for.
package final class ContainerdDriver {
  package internal(set) var command: ShimCommand
  package let events: EventSink
  /// containerd's table: a task that is not in it any more has no events.
  var shims: [String: Shim] = [:]
  private let root: TemporaryFolder
  var knowsRuntime = false
  var sockets: Set<String> = []

  struct Shim {
    let bundle: TaskBundle
    let client: ShimClient
    let log: Collector
  }

  /// Runs a test, and proves at its end that nothing is left of it.
  package static func run(
    _ version: ContainerdVersion, debug: Bool = false, _ body: (ContainerdDriver) throws -> Void
  ) throws {
    let driver = try ContainerdDriver(version, debug)
    do {
      try body(driver)
      try Leftovers.expectNone(
        below: driver.root.path, bundles: TaskBundle.folder(driver.command),
        sockets: driver.sockets)
    } catch {
      driver.endByForce()
      throw error
    }
  }

  private init(_ version: ContainerdVersion, _ debug: Bool) throws {
    root = try TemporaryFolder()
    var command = ShimCommand(version, in: root.path)
    command.debug = debug
    self.command = command
    events = try EventSink(path: command.events)
  }

  /// After a failure: what works in this test's folder is this test's.
  private func endByForce() {
    for pid in Leftovers.processes(below: root.path) { kill(pid, SIGKILL) }
    for socket in sockets { unlink(socket) }
  }

  package var folder: String { root.path }
  package var knownTasks: [String] { shims.keys.sorted() }
  package func bundle(_ id: String) -> TaskBundle { TaskBundle(id, command) }

  func shim(_ id: String) throws -> Shim {
    guard let shim = shims[id] else { throw TestFailure("containerd knows no task \(id)") }
    return shim
  }

  /// The connection to a task's shim.
  package func client(_ id: String) throws -> ShimClient { try shim(id).client }
  /// What containerd copies to its own log.
  package func log(_ id: String) throws -> Collector { try shim(id).log }
}
