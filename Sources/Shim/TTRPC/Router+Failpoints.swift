// SPDX-License-Identifier: Apache-2.0

#if DEBUG
  package import EventLoop

  extension Router {
    private static let annotation = "io.containerd.runtime.v2.shim.failpoint."

    /// Puts a failpoint before each method that an annotation of this kind names.
    ///
    /// - Returns: the annotations that say nothing.
    package func addFailpoints(_ annotations: [String: String], _ loop: EventLoop) -> [String] {
      var wrong: [String] = []
      for (key, text) in annotations where key.hasPrefix(Self.annotation) {
        guard var point = Failpoint(text) else {
          wrong.append(key)
          continue
        }
        wrap(method: String(key.dropFirst(Self.annotation.count))) { handle in
          { payload, reply in
            switch point.next() {
            case .error(let words): reply.fail(Status(code: .unknown, message: words))
            case .panic(let words): fatalError(words)
            case .delay(let time): Delay(loop, reply, handle, payload).begin(time)
            case .off, nil: handle(payload, reply)
            }
          }
        }
      }
      return wrong
    }
  }

  /// A request that is handled later. Keeps itself until then.
  private final class Delay {
    private var reply: Reply?
    private let handle: Router.Handler
    private let payload: Payload
    private let loop: EventLoop
    private var timer: Timer?

    init(
      _ loop: EventLoop, _ reply: consuming Reply, _ handle: @escaping Router.Handler,
      _ payload: Payload
    ) {
      self.loop = loop
      self.reply = consume reply
      self.handle = handle
      self.payload = payload
    }

    func begin(_ time: Duration) {
      let timer = Timer(loop) { [self] in
        self.timer = nil
        if let reply = reply.take() { handle(payload, reply) }
      }
      timer.schedule(after: time)
      self.timer = timer
    }
  }
#endif
