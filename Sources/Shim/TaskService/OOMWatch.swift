// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
internal import Linux
internal import Runtime
internal import Stdio

internal import struct SystemPackage.Errno

/// Tells when the kernel has ended a process of a container because its memory limit was reached.
final class OOMWatch {
  /// How often it has happened.
  private(set) var count = 0
  /// While init starts: it may run out of memory before the runtime says that it runs.
  var isHeld = false {
    didSet { if !isHeld { tell() } }
  }
  private var told = 0
  private let hub: StdioHub
  private let group: ControlGroup
  private let onKill: () -> Void
  /// Of version 1: readable once for each time.
  private var eventCounter: Watch?
  /// Of version 2: the file `memory.events` has changed.
  private var subscription: Inotify.Subscription?
  private var killsSeen: UInt64 = 0

  /// Nil where the kernel does not count memory.
  init?(
    _ hub: StdioHub, _ container: any RuntimeContainer, _ log: Log, onKill: @escaping () -> Void
  ) {
    guard let group = try? container.cgroup(), let folder = group.folder("memory") else {
      return nil
    }
    self.hub = hub
    self.group = group
    self.onKill = onKill
    do throws(Errno) {
      if group.isUnified {
        subscription = try hub.inotify.subscribe("\(folder)/memory.events", .modified) {
          [unowned self] in check()
        }
      } else {
        eventCounter = Watch(
          hub.loop, try Cgroup.openOOMEvents(of: folder),
          onReadable: { [unowned self] in check() })
        eventCounter?.awaitsReadable = true
      }
    } catch {
      // Exits are still looked at.
      log.write(.warning, "no events of memory", [("group", folder), ("error", "\(error)")])
    }
  }

  /// Looks at once: an exit is to be told after what it came from.
  func check() {
    guard eventCounter == nil ? countHasGrown : eventHasCome else { return }
    count += 1
    tell()
  }

  private func tell() {
    while told < count, !isHeld {
      told += 1
      onKill()
    }
  }

  private var countHasGrown: Bool {
    let file = group.isUnified ? "memory.events" : "memory.oom_control"
    let kills = group.table(file, of: "memory")["oom_kill"]
    defer { killsSeen = max(killsSeen, kills) }
    return kills > killsSeen
  }

  /// The removal of a group is told in the same way.
  private var eventHasCome: Bool {
    guard let watch = eventCounter,
      (try? unsafe watch.descriptor.read(into: hub.loop.scratch)) != nil
    else { return false }
    if group.exists { return true }
    eventCounter = nil
    return false
  }
}
