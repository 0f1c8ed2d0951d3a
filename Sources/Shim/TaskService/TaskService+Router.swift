// SPDX-License-Identifier: Apache-2.0

internal import ContainerdAPI
internal import SwiftProtobuf
package import TTRPC

extension TaskService {
  /// Serves the Task API of containerd 1.6 to 2.x. Versions 2 and 3 differ in name only.
  package func register(with router: Router) {
    let service = "containerd.task.v2.Task"
    router.register(service: service, method: "Create") { [unowned self] in create($0, $1) }
    router.register(service: service, method: "Start") { [unowned self] in start($0, $1) }
    router.register(service: service, method: "Delete") { [unowned self] in delete($0, $1) }
    router.register(service: service, method: "Shutdown") { [unowned self] in shutdown($0, $1) }
    router.register(service: service, method: "Wait", longRunning: true) { [unowned self] in
      wait($0, $1)
    }
    on(router, service, "State") { [unowned self] request throws(TaskError) in
      try state(request)
    }
    on(router, service, "Pids") { [unowned self] request throws(TaskError) in
      try pids(request)
    }
    on(router, service, "Connect") { [unowned self] request throws(TaskError) in
      try connect(request)
    }
    on(router, service, "Kill") { [unowned self] (request: KillRequest) throws(TaskError) in
      try kill(request)
      return Google_Protobuf_Empty()
    }
    on(router, service, "CloseIO") { [unowned self] (request: CloseIORequest) throws(TaskError) in
      try closeIO(request)
      return Google_Protobuf_Empty()
    }
    on(router, service, "ResizePty") {
      [unowned self] (request: ResizePtyRequest) throws(TaskError) in
      try resizePty(request)
      return Google_Protobuf_Empty()
    }
    for (method, why) in Self.unimplemented {
      // Whatever is asked: the request need not be decoded further.
      router.register(service: service, method: method) { (_: Google_Protobuf_Empty, reply) in
        reply.fail(TaskError.unimplemented(why).status)
      }
    }
    router.alias(service, as: "containerd.task.v3.Task")
  }

  /// What no runtime of this release does (README, "What works").
  private static let unimplemented = [
    ("Exec", "exec is not built yet"),
    ("Pause", "pausing is not built yet"),
    ("Resume", "resuming is not built yet"),
    ("Checkpoint", "checkpoints are not built yet"),
    ("Update", "updating resources is not built yet"),
    ("Stats", "metrics are not built yet"),
  ]

  /// A method that answers at once.
  private func on<Request: Message, Response: Message>(
    _ router: Router, _ service: String, _ method: String,
    _ handler: @escaping (Request) throws(TaskError) -> Response
  ) {
    router.register(service: service, method: method) { (request: Request, reply) in
      do throws(TaskError) {
        let response = try handler(request)
        reply.send(response)
      } catch {
        reply.fail(error.status)
      }
    }
  }
}
