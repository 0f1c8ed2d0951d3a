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
  private var kills = KillCount()

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
          [unowned self] in check(.change)
        }
        check()
      } else {
        eventCounter = Watch(
          hub.loop, try Cgroup.openOOMEvents(of: folder),
          onReadable: { [unowned self] in check(.change) })
        eventCounter?.awaitsReadable = true
      }
    } catch {
      // Exits are still looked at.
      log.write(.warning, "no events of memory", [("group", folder), ("error", "\(error)")])
    }
  }

  /// Looks at once: an exit is to be told after what it came from.
  func check(after exit: Exit) {
    // What has changed before is all that is left to tell of it, and may not have been read yet.
    if subscription != nil, !group.exists { hub.inotify.deliver() }
    check(exit.status == Self.statusOfKill ? .kill : .end)
  }

  /// Looks before something happens: what is counted by now did not come of it.
  func check() { check(.none) }

  private func check(_ occasion: KillCount.Occasion) {
    guard eventCounter == nil ? kills.hasGrown(look, occasion) : eventHasCome else { return }
    count += 1
    tell()
  }

  private func tell() {
    while told < count, !isHeld {
      told += 1
      onKill()
    }
  }

  /// 128 and SIGKILL: init's own, or what a shell tells of its child.
  private static let statusOfKill: UInt32 = 137

  /// The same of the groups above before and after, or else a kill may be in one count and not yet in
  /// the other.
  private var look: KillCount.Look {
    guard group.isUnified else { return KillCount.Look(group: group.kills) }
    var look = KillCount.Look(above: group.killsAbove)
    for _ in 1...3 {
      let before = look.above
      look.group = group.kills
      look.above = group.killsAbove
      if look.above == before { break }
    }
    return look
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
