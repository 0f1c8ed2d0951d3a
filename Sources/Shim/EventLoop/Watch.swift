// SPDX-License-Identifier: Apache-2.0

internal import CLibevent
package import Linux

/// A descriptor and what to do when it can be read or written. Level-triggered: a handler is called
/// again as long as its condition holds and it is armed. Or edge-triggered: it is called when it is armed
/// or its condition comes about, once.
///
/// The watch owns the descriptor. A class's deinit runs before its stored properties die, so the
/// events are freed first and the descriptor is closed second, as epoll wants it.
@safe package final class Watch {
  package let descriptor: Descriptor
  private let loop: EventLoop
  private let owner: StaticString
  private var readEvent: OpaquePointer?
  private var writeEvent: OpaquePointer?
  package var onReadable: () -> Void
  package var onWritable: () -> Void

  /// Both directions start unarmed.
  ///
  /// - Parameter owner: what `LoopLag` calls the handlers' turns.
  package init(
    _ loop: EventLoop, _ descriptor: consuming Descriptor,
    isEdgeTriggered: Bool = false, onReadable: @escaping () -> Void = {},
    onWritable: @escaping () -> Void = {}, owner: StaticString = #fileID
  ) {
    self.loop = loop
    self.owner = owner
    self.descriptor = descriptor
    self.onReadable = onReadable
    self.onWritable = onWritable
    let kind = EV_PERSIST | (isEdgeTriggered ? EV_ET : 0)
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe readEvent = event_new(
      loop.base, self.descriptor.number, Int16(EV_READ | kind),
      { _, _, me in unsafe Watch.from(me).readable() }, me)
    unsafe writeEvent = event_new(
      loop.base, self.descriptor.number, Int16(EV_WRITE | kind),
      { _, _, me in unsafe Watch.from(me).writable() }, me)
  }

  deinit {
    unsafe event_free(readEvent)
    unsafe event_free(writeEvent)
  }

  package var awaitsReadable = false {
    didSet { if awaitsReadable != oldValue { unsafe arm(readEvent, awaitsReadable) } }
  }

  package var awaitsWritable = false {
    didSet { if awaitsWritable != oldValue { unsafe arm(writeEvent, awaitsWritable) } }
  }

  private func arm(_ event: OpaquePointer?, _ on: Bool) {
    // event_add fails for want of memory, or for a descriptor that epoll does not take: our error.
    let result = unsafe on ? event_add(event, nil) : event_del(event)
    precondition(result == 0, "epoll refuses descriptor \(descriptor.number)")
  }

  private func readable() { loop.turn(of: owner, onReadable) }
  private func writable() { loop.turn(of: owner, onWritable) }

  /// Holds the watch during the handler, which may drop the last other reference.
  private static func from(_ me: UnsafeMutableRawPointer?) -> Watch {
    guard let me = unsafe me else { preconditionFailure("libevent lost its argument") }
    return unsafe Unmanaged<Watch>.fromOpaque(me).takeUnretainedValue()
  }
}
