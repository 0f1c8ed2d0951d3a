// SPDX-License-Identifier: Apache-2.0

package import SwiftProtobuf
internal import TTRPCEnvelope

/// Finds the handler of a request by service and method.
package final class Router {
  package typealias Handler = (Payload, consuming Reply) -> Void

  struct Method {
    let isLongRunning: Bool
    let handle: Handler
  }

  private var services: [String: [String: Method]] = [:]

  package init() {}

  /// Registers the handler of a unary method. It gets a reply to answer at once or later.
  ///
  /// - Parameter longRunning: may stay unanswered for days, and counts against a limit of its own.
  package func register(
    service: String, method: String, longRunning: Bool = false,
    _ handler: @escaping Handler
  ) {
    services[service, default: [:]][method] = Method(isLongRunning: longRunning, handle: handler)
  }

  /// Serves all methods that a service has now under another name too.
  package func alias(_ service: String, as other: String) {
    services[other] = services[service]
  }

  /// Puts something else in the place of a method's handlers.
  func wrap(method: String, _ wrapper: (@escaping Handler) -> Handler) {
    for (service, methods) in services {
      guard let found = methods[method] else { continue }
      services[service]?[method] = Method(
        isLongRunning: found.isLongRunning, handle: wrapper(found.handle))
    }
  }

  /// - Throws: `unimplemented`, by which containerd 2 finds out which version of the service to use.
  func find(service: String, method: String) throws(Status) -> Method {
    guard let methods = services[service] else {
      throw Status(code: .unimplemented, message: "service \(service)")
    }
    guard let found = methods[method] else {
      throw Status(code: .unimplemented, message: "method \(method)")
    }
    return found
  }
}

/// A request not yet decoded. Handlers decode it, and not the router: a message's type costs memory
/// from its first use on (its conformances are cached), and many methods are never called.
package struct Payload {
  let envelope: EnvelopeRequest

  /// Hands the message to a handler, or refuses what is none.
  package func decode<Request: Message>(
    _ reply: consuming Reply, _ handler: (Request, consuming Reply) -> Void
  ) {
    let request: Request
    do {
      request = try Request(serializedBytes: envelope.payload)
    } catch {
      reply.fail(
        Status(code: .internal, message: "ttrpc: error unmarshalling payload: \(error)"))
      return
    }
    handler(request, reply)
  }
}
