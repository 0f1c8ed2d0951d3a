// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
package import EventLoop
internal import Linux
internal import SwiftProtobuf
package import TTRPC

/// Sends events to containerd (its ttrpc events service, at TTRPC_ADDRESS), one after the other, and
/// again until each is confirmed: for as long as the shim lives, with pauses that grow.
package final class EventPublisher {
  private static let service = "containerd.services.events.ttrpc.v1.Events"
  /// An event in its envelope and the request around it must fit into a message (bytes).
  private static let largest = Frame.maximumLength - 1024
  private static let timeout = Duration.seconds(5)
  private static let firstPause = Duration.milliseconds(50)
  private static let longestPause = Duration.seconds(2)

  private let client: Client?
  private let namespace: String
  private let log: Log
  private var outbox = Outbox()
  private var pause = firstPause
  private var retry: Timer?
  private var deadline: Timer?
  private var onDrained: (() -> Void)?
  /// Called whenever nothing is pending any more.
  var onDelivered: () -> Void = {}

  /// - Parameter client: nil when containerd gave no address; then events are dropped.
  package init(_ loop: EventLoop, _ client: Client?, namespace: String, log: Log) {
    self.client = client
    self.namespace = namespace
    self.log = log
    retry = Timer(loop) { [unowned self] in sendNext() }
    deadline = Timer(loop) { [unowned self] in onDrained.take()?() }
  }

  /// Events that containerd has not confirmed.
  package var pending: Int { outbox.count }

  func publish(_ topic: String, _ event: some Message) {
    let request = ForwardRequest.with {
      $0.envelope.timestamp = .now
      $0.envelope.namespace = namespace
      $0.envelope.topic = topic
      $0.envelope.event = .init(packing: event)
    }
    guard client != nil, let bytes: [UInt8] = try? request.serializedBytes() else { return }
    guard bytes.count <= Self.largest else {
      return log.error("event too large for a message", ("topic", topic))
    }
    outbox.append(bytes)
    let dropped = outbox.takeDropped()
    if dropped > 0 {
      log.error("events dropped: the outbox is full", ("count", String(dropped)))
    }
    if retry?.isScheduled != true { sendNext() }
  }

  /// Calls the handler when nothing is pending, or after a while.
  package func drain(within limit: Duration, _ onDrained: @escaping () -> Void) {
    if outbox.isEmpty { return onDrained() }
    self.onDrained = onDrained
    deadline?.schedule(after: limit)
  }

  private func sendNext() {
    guard let event = outbox.beginSending() else { return }
    client?.call(
      service: Self.service, method: "Forward", payload: event, timeout: Self.timeout,
      metadata: [("containerd-namespace-ttrpc", namespace)]
    ) { [unowned self] result in
      switch result {
      case .success: delivered()
      case .failure(let status): failed(status)
      }
    }
  }

  private func delivered() {
    outbox.confirm()
    pause = Self.firstPause
    guard outbox.isEmpty else { return sendNext() }
    onDelivered()
    onDrained.take()?()
  }

  private func failed(_ status: Status) {
    switch status.code {
    case .invalidArgument, .unimplemented:
      // Sent again it would be refused again, and hold up all others.
      log.error("event refused", ("error", status.message))
      delivered()
    default:
      outbox.failed()
      log.debug("event not delivered", ("error", status.message))
      retry?.schedule(after: pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }
}
