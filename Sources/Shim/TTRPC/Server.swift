// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import Linux

internal import struct SystemPackage.Errno

/// Accepts connections of our own user and serves them from a router.
package final class Server {
  /// Called after a connection closed or deadlines passed: replies that are no longer `isConnected`
  /// may be dropped. Comes from the loop, never from within a call of a `Reply`.
  package var onConnectionClosed: () -> Void = {}
  package var onConnectionOpened: () -> Void = {}

  private let loop: EventLoop
  private let router: Router
  private let limits: Limits
  private let ledger: RequestLedger
  private var connections: [Connection] = []
  private var listener: Watch?
  private var acceptAgain: Timer?

  /// - Parameter listener: a listening socket; made non-blocking.
  package init(
    _ loop: EventLoop, listener: consuming Descriptor, router: Router, limits: Limits = Limits()
  ) {
    self.loop = loop
    self.router = router
    self.limits = limits
    ledger = RequestLedger(loop, limits)
    CurrentProcess.ignoreBrokenPipes()
    try? listener.setNonblocking()  // an inherited one may be blocking
    self.listener = Watch(loop, listener, onReadable: { [unowned self] in accept() })
    self.listener?.awaitsReadable = true
    acceptAgain = Timer(loop) { [unowned self] in resumeAccepting() }
    ledger.onDeadlinesPassed = { [weak self] in self?.onConnectionClosed() }
  }

  package var connectionCount: Int { connections.count }

  /// Requests that handlers hold now, long-running ones included.
  package var requestsInFlight: Int { ledger.inFlight + ledger.longRunning }

  /// Bytes of replies that wait for their readers.
  package var queuedBytes: Int { connections.reduce(0) { $0 + $1.queuedBytes } }

  /// What `body` says of the listening socket; nil after `stop`.
  package func ofListener<Result>(_ body: (borrowing Descriptor) -> Result?) -> Result? {
    listener.flatMap { body($0.descriptor) }
  }

  /// Accepts from another socket. Who has connected to the one before is accepted first.
  package func listen(on other: consuming Descriptor) {
    while let old = listener, let peer = try? UnixSocket.accept(old.descriptor) { serve(peer) }
    listener = Watch(loop, other, onReadable: { [unowned self] in accept() })
    listener?.awaitsReadable = true
  }

  /// Accepts no more; connections live on.
  package func stop() {
    listener = nil
    acceptAgain?.cancel()
  }

  /// Writes what is queued, as far as it fits.
  package func flush() {
    for connection in connections { connection.flush() }
  }

  /// Takes one: the loop calls again while others wait, and connections get their turns between.
  private func accept() {
    guard let listener else { return }
    do throws(Errno) {
      serve(try UnixSocket.accept(listener.descriptor))
    } catch {
      if error == .wouldBlock || error == .connectionAbort { return }
      // EMFILE, ENFILE, ENOMEM: the peer stays in the backlog, so the listener stays readable.
      // Looking again at once would be a busy loop.
      listener.awaitsReadable = false
      acceptAgain?.schedule(after: limits.acceptPause)
    }
  }

  private func resumeAccepting() {
    acceptAgain?.cancel()
    listener?.awaitsReadable = true
  }

  /// A peer that is not ourself gets nothing, not even an error (containerd's shims do the same).
  private func serve(_ socket: consuming Descriptor) {
    guard UnixSocket.isPeerOurself(socket), connections.count < limits.connections else { return }
    let channel = FrameChannel(loop, socket, queueLimit: limits.queuedBytes)
    let connection = Connection(channel, router, ledger)
    connections.append(connection)
    onConnectionOpened()
    channel.onClosed = { [unowned self, unowned connection] in closed(connection) }
  }

  private func closed(_ connection: Connection) {
    connections.removeAll { $0 === connection }
    // An array does not shrink by itself, and we live for months after a crowd.
    if connections.count < connections.capacity / 16 { connections = connections.map { $0 } }
    resumeAccepting()
    onConnectionClosed()
  }
}
