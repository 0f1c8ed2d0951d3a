// SPDX-License-Identifier: Apache-2.0

package import SwiftProtobuf
internal import TTRPCEnvelope

/// Finds the handler of a request by service and method.
package final class Router {
  struct Method {
    let isLongRunning: Bool
    let handle: (EnvelopeRequest, consuming Reply) -> Void
  }

  private var services: [String: [String: Method]] = [:]

  package init() {}

  /// Registers the handler of a unary method. It gets the request decoded, and a reply to answer at
  /// once or later; a request that cannot be decoded never reaches it.
  ///
  /// - Parameter longRunning: may stay unanswered for days, and counts against a limit of its own.
  package func register<Request: Message>(
    service: String, method: String, longRunning: Bool = false,
    _ handler: @escaping (Request, consuming Reply) -> Void
  ) {
    let decoding = { (envelope: EnvelopeRequest, reply: consuming Reply) in
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
    services[service, default: [:]][method] = Method(isLongRunning: longRunning, handle: decoding)
  }

  /// Serves all methods that a service has now under another name too.
  package func alias(_ service: String, as other: String) {
    services[other] = services[service]
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
