// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import SwiftProtobuf
package import TTRPC

extension TaskService {
  private static let name = "containerd.task.v2.Task"

  /// Serves the Task API of containerd 1.6 to 2.x. Versions 2 and 3 differ in name only.
  package func register(with router: Router) {
    on(router, "Create") { [unowned self] in $0.decode($1, create) }
    on(router, "Start") { [unowned self] in $0.decode($1, start) }
    on(router, "Delete") { [unowned self] in $0.decode($1, delete) }
    on(router, "Kill") { [unowned self] in $0.decode($1, kill) }
    on(router, "Shutdown") { [unowned self] in $0.decode($1, shutdown) }
    on(router, "Pause") { [unowned self] in $0.decode($1, pause) }
    on(router, "Resume") { [unowned self] in $0.decode($1, resume) }
    on(router, "Checkpoint") { [unowned self] in $0.decode($1, checkpoint) }
    on(router, "Update") { [unowned self] in $0.decode($1, update) }
    router.register(service: Self.name, method: "Wait", longRunning: true) { [unowned self] in
      $0.decode($1, wait)
    }
    on(router, "State") { [unowned self] in answer($0, $1, state) }
    on(router, "Pids") { [unowned self] in answer($0, $1, pids) }
    on(router, "Stats") { [unowned self] in answer($0, $1, stats) }
    on(router, "Connect") { [unowned self] in answer($0, $1, connect) }
    on(router, "Exec") { [unowned self] in answer($0, $1, exec) }
    on(router, "CloseIO") { [unowned self] in answer($0, $1, closeIO) }
    on(router, "ResizePty") { [unowned self] in answer($0, $1, resizePty) }
    router.alias(Self.name, as: "containerd.task.v3.Task")
  }

  private func on(
    _ router: Router, _ method: String, _ handler: @escaping (Payload, consuming Reply) -> Void
  ) {
    router.register(service: Self.name, method: method, handler)
  }

  /// A method that answers at once.
  private func answer<Request: Message, Response: Message>(
    _ payload: Payload, _ reply: consuming Reply,
    _ handler: (Request) throws(TaskError) -> Response
  ) {
    payload.decode(reply) { (request: Request, reply: consuming Reply) in
      do throws(TaskError) {
        let response = try handler(request)
        reply.send(response)
      } catch {
        reply.fail(error.status)
      }
    }
  }

  /// The same for one whose answer says nothing.
  private func answer<Request: Message>(
    _ payload: Payload, _ reply: consuming Reply, _ handler: (Request) throws(TaskError) -> Void
  ) {
    payload.decode(reply) { (request: Request, reply: consuming Reply) in
      do throws(TaskError) {
        try handler(request)
        reply.sendEmpty()
      } catch {
        reply.fail(error.status)
      }
    }
  }
}
