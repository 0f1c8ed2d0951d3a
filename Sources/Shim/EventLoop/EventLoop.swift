// SPDX-License-Identifier: Apache-2.0

internal import CLibevent
internal import Linux

/// The one libevent base of the process. All handlers run on the thread that calls `run`, one after
/// the other; a handler that blocks stops everything, so none does.
@safe package final class EventLoop {
  let base: OpaquePointer
  /// For bytes on their way from a read to what follows in the same turn: one buffer serves all that
  /// hangs on the loop. Not an array, whose zeroes would make all its pages resident.
  package let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1024)
  private var stopped = false
  package var lag = LoopLag()

  /// Traps when the kernel gives no epoll instance: nothing can be done without one.
  package init() {
    // To be set before libevent allocates anything; setting it again changes nothing.
    unsafe event_set_mem_functions(
      { unsafe SmallBlocks.allocate($0) }, { unsafe SmallBlocks.resize($0, $1) },
      { unsafe SmallBlocks.free($0) })
    guard let base = unsafe event_base_new() else { preconditionFailure("no event base") }
    unsafe self.base = unsafe base
  }

  deinit {
    unsafe event_base_free(base)
    unsafe scratch.deallocate()
  }

  /// Runs handlers until `stop`.
  package func run() {
    // A loopbreak before the loop runs would be forgotten: hence the flag.
    while !stopped { runOnce() }
  }

  /// Waits until something is due and runs its handlers, for a caller that drives the loop itself.
  package func runOnce() {
    guard unsafe event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY | EVLOOP_ONCE) >= 0 else {
      preconditionFailure("libevent's backend failed")
    }
  }

  /// All handlers are called in here.
  func turn(of owner: StaticString, _ handler: () -> Void) {
    lag.turnBegins()
    handler()
    lag.turnEnds(owner)
  }

  /// Says what the turn under way does, for `lag`.
  package func note(_ what: String) { lag.note = what }

  /// Ends `run` after the handlers that are due now.
  package func stop() {
    stopped = true
  }

  /// libevent's version.
  package static var version: String { unsafe String(cString: event_get_version()) }

  /// Watches registered with the base now, for the state dump.
  package var watchCount: Int {
    Int(unsafe event_base_get_num_events(base, UInt32(EVENT_BASE_COUNT_ADDED)))
  }
}
