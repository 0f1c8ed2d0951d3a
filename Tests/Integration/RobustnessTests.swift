// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Foundation
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Bad and greedy clients: each gets its due answer, and others do not notice.
  @Suite struct RobustnessTests {
    static let service = "containerd.task.v2.Task"

    /// A shim with a running task "a", used once so that what comes lazily is there.
    struct Target {
      let client: ShimClient
      let pid: Int32
      let address: String
      let before: Footprint

      init(_ host: ShimHost) throws {
        client = try host.launch("a")
        try host.create(client, "a")
        _ = try client.start("a")
        address = try #require(Files.read("\(host.bundle("a"))/address"))
        pid = try client.shimPID
        try eventually("the events are delivered") { host.events.topics.count == 2 }
        _ = try ShimClient(address).state("a")
        before = try Footprint.whenAsleep(pid)
      }

      func connect() throws -> Connection {
        try Connection(path: ShimClient.socket(of: address))
      }

      /// Whoever comes now is served within the 2 s that containerd gives a State.
      func expectPromptState() throws {
        let begin = ContinuousClock.now
        #expect(try ShimClient(address).state("a").status == .running)
        let took = ContinuousClock.now - begin
        #expect(took < .seconds(2), "State took \(took)")
      }

      /// Abuses the shim three times: descriptors and memory are given back each time.
      func expectRecovery(afterEach abuse: () throws -> Void) throws {
        for _ in 1...3 {
          try abuse()
          try expectPromptState()
          try Footprint.wait(for: before, growth: 96, of: pid)
        }
      }
    }

    static func stateRequest(_ id: String = "a") throws -> [UInt8] {
      Wire.request(service, "State", Wire.field(1, Array(id.utf8)))
    }

    @Test func badFramesGetTheirCodes() throws {
      try ShimHost.run { host in
        let target = try Target(host)
        let connection = try target.connect()
        func answer(_ bytes: [UInt8], stream: UInt32) throws -> RPCError? {
          try connection.send(bytes)
          let frame = try #require(try connection.receive())
          #expect(frame.stream == stream)
          #expect(frame.type == Wire.response)
          if case .failure(let error) = try Wire.response(frame.data) { return error }
          return nil
        }
        func frame(_ stream: UInt32, _ method: String = "State", _ payload: [UInt8] = []) -> [UInt8]
        {
          Wire.frame(stream: stream, Wire.request(Self.service, method, payload))
        }
        let good = try Self.stateRequest()
        #expect(try answer(Wire.frame(stream: 1, good), stream: 1) == nil)
        #expect(try answer(Wire.frame(stream: 2, good), stream: 2)?.code == 3)
        #expect(try answer(Wire.frame(stream: 0, good), stream: 0)?.code == 3)
        #expect(try answer(Wire.frame(stream: 1, good), stream: 1)?.code == 3)
        #expect(try answer(Wire.frame(stream: 3, [0xff, 0xff]), stream: 3)?.code == 3)
        #expect(try answer(frame(5, "State", [0x0a, 0xff]), stream: 5)?.code == 13)
        #expect(try answer(frame(7, "Nonsense"), stream: 7)?.code == 12)
        let stranger = Wire.request("containerd.task.v9.Task", "State", [])
        #expect(try answer(Wire.frame(stream: 9, stranger), stream: 9)?.code == 12)
        #expect(try answer(Wire.frame(stream: 11, type: 3, []), stream: 11)?.code == 3)
        #expect(try answer(Wire.frame(stream: 13, flags: 0xff, good), stream: 13) == nil)
        // Ignored: responses, and types that nobody knows.
        try connection.send(
          Wire.frame(stream: 15, type: 2, []) + Wire.frame(stream: 15, type: 77, []))
        // An expired deadline.
        let late = Wire.request(Self.service, "State", Wire.field(1, [0x61]), timeout: -1)
        #expect(try answer(Wire.frame(stream: 17, late), stream: 17)?.code == 4)
        // One byte too long, and exactly as long as allowed.
        let limit = 4 << 20
        let long = [UInt8](repeating: 0x61, count: limit + 1)
        #expect(try answer(Wire.frame(stream: 19, long), stream: 19)?.code == 8)
        let rest = limit - frame(0, "State", [UInt8](repeating: 0, count: limit - 100)).count + 10
        let exact = Wire.request(
          Self.service, "State",
          Wire.field(15, [UInt8](repeating: 0x61, count: limit - 100 + rest - 5)))
        #expect(exact.count == limit)
        #expect(try answer(Wire.frame(stream: 21, exact), stream: 21)?.code == 5)
        #expect(try answer(Wire.frame(stream: 23, good), stream: 23) == nil)
        try target.expectPromptState()
      }
    }

    @Test func halfFramesAndGarbage() throws {
      try ShimHost.run { host in
        let target = try Target(host)
        let whole = Wire.frame(stream: 1, try Self.stateRequest())
        do {
          // Half of them wait on, the others break off.
          let waiting = try (1..<whole.count).compactMap { count in
            let connection = try target.connect()
            try connection.send(Array(whole.prefix(count)))
            return count % 2 == 0 ? connection : nil
          }
          // A whole frame in two pieces is one.
          let slow = try target.connect()
          try slow.send(Array(whole.prefix(7)))
          try target.expectPromptState()
          try slow.send(Array(whole.dropFirst(7)))
          #expect(try slow.receive()?.stream == 1)

          withExtendedLifetime((slow, waiting)) {}
        }

        var random: UInt64 = 42
        try target.expectRecovery {
          for _ in 1...100 {
            let connection = try target.connect()
            var rest = (0..<4096).map { _ in
              random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
              return UInt8(truncatingIfNeeded: random >> 56)
            }[...]
            while !rest.isEmpty, let sent = connection.sendWhatFits(rest), sent > 0 {
              rest = rest.dropFirst(sent)
            }
          }
        }
      }
    }

    @Test func aClientThatNeverReads() throws {
      try ShimHost.run { host in
        let target = try Target(host)
        try target.expectRecovery {
          let greedy = try target.connect()
          var stream: UInt32 = 1
          var unsent: ArraySlice<UInt8> = []
          var total = 0
          var stuck = 0
          // Until the shim has not read for a while: it must not take what it cannot answer.
          while stuck < 50, total < 256 << 20 {
            if unsent.isEmpty {
              for _ in 0..<500 {
                unsent += Wire.frame(stream: stream, try Self.stateRequest())
                stream += 2
              }
            }
            let sent = try #require(greedy.sendWhatFits(unsent))
            unsent = unsent.dropFirst(sent)
            total += sent
            stuck = sent == 0 ? stuck + 1 : 0
            if sent == 0 { usleep(2000) }
          }
          #expect(total < 64 << 20, "the shim has read \(total) bytes without being read")
          try target.expectPromptState()
          #expect(try Footprint(of: target.pid).memory < target.before.memory + 8 << 10)
        }
      }
    }

    @Test func manyIdleConnections() throws {
      Processes.raiseOpenFileLimit()
      try ShimHost.run { host in
        let target = try Target(host)
        try target.expectRecovery {
          let idle = try (1...900).map { _ in try target.connect() }
          try target.expectPromptState()
          try eventually("all are accepted") {
            try Footprint(of: target.pid).descriptors >= target.before.descriptors + idle.count
          }
          try target.expectPromptState()
        }
      }
    }

    @Test func manyWaits() throws {
      try ShimHost.run { host in
        let target = try Target(host)
        let request = Wire.request(Self.service, "Wait", Wire.field(1, Array("a".utf8)))
        let waits = (0..<5000).flatMap { Wire.frame(stream: UInt32(2 * $0 + 1), request) }
        try target.expectRecovery {
          let abandoned = try target.connect()
          try abandoned.send(waits)
          try target.expectPromptState()
        }

        let patient = try target.connect()
        try patient.send(waits)
        try target.expectPromptState()
        try target.client.kill("a", 9)
        var streams: Set<UInt32> = []
        for _ in 0..<5000 {
          let frame = try #require(try patient.receive())
          let payload = try Wire.response(frame.data).get()
          #expect(try WaitResponse(serializedBytes: payload).exitStatus == 137)
          streams.insert(frame.stream)
        }
        #expect(streams.count == 5000)
      }
    }
  }
}
