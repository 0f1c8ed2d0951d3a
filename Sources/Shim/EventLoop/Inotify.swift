// SPDX-License-Identifier: Apache-2.0

package import Linux

package import struct SystemPackage.Errno

/// Tells when somebody opens, reads or leaves a file (inotify(7)).
///
/// The kernel gives a user 128 inotify instances (fs.inotify.max_user_instances), fewer than a
/// dense node has shims: the instance lives only while something is being watched.
package final class Inotify {
  /// Ends the watching when it goes.
  package final class Subscription {
    fileprivate let id: Int32
    fileprivate let events: FileEvents
    fileprivate let handler: () -> Void
    private let inotify: Inotify

    fileprivate init(
      _ inotify: Inotify, _ id: Int32, _ events: FileEvents, _ handler: @escaping () -> Void
    ) {
      self.inotify = inotify
      self.id = id
      self.events = events
      self.handler = handler
    }

    deinit { inotify.remove(id) }
  }

  private struct Weak { weak var subscription: Subscription? }

  private let loop: EventLoop
  private var watch: Watch?
  /// Two subscriptions to one file share the kernel's id.
  private var subscriptions: [Int32: [Weak]] = [:]

  package init(_ loop: EventLoop) { self.loop = loop }

  /// Calls the handler after each of these events; now and then also without one.
  ///
  /// - Throws: `EMFILE` when the user has no inotify instance left, `ENOSPC` when no watch.
  package func subscribe(
    _ path: String, _ events: FileEvents, handler: @escaping () -> Void
  ) throws(Errno) -> Subscription {
    let watch = try open()
    let id: Int32
    do throws(Errno) {
      id = try InotifyInstance.add(watch.descriptor, path, events)
    } catch {
      closeIfUnused()
      throw error
    }
    let subscription = Subscription(self, id, events, handler)
    subscriptions[id, default: []].append(Weak(subscription: subscription))
    return subscription
  }

  private func open() throws(Errno) -> Watch {
    if let watch { return watch }
    let new = Watch(
      loop, try InotifyInstance.open(), onReadable: { [unowned self] in deliver() })
    new.awaitsReadable = true
    watch = new
    return new
  }

  /// Calls the handlers of all that has happened: at once, not in its turn.
  package func deliver() {
    guard let watch else { return }
    for (id, happened) in InotifyInstance.read(watch.descriptor) {
      // A lost event (id -1) is told to everybody: a handler looks before it acts.
      let told = id == -1 ? subscriptions.values.flatMap { $0 } : subscriptions[id] ?? []
      for subscription in told.compactMap(\.subscription)
      where id == -1 || !subscription.events.isDisjoint(with: happened) {
        subscription.handler()
      }
    }
  }

  private func remove(_ id: Int32) {
    let others = subscriptions[id, default: []].filter { $0.subscription != nil }
    subscriptions[id] = others.isEmpty ? nil : others
    if others.isEmpty, let watch { InotifyInstance.remove(watch.descriptor, id) }
    closeIfUnused()
  }

  private func closeIfUnused() {
    if subscriptions.isEmpty { watch = nil }
  }
}
