// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import Support
import SwiftProtobuf
import Testing

extension Integration {
  /// Every call in every state (`StateTable`), of real containers and of the sample.
  @Suite struct StateTableTests {
    static let programs = [ShimBinary.oci, ShimBinary.sample]

    /// A call that is not in the table would not be missed.
    @Test(arguments: programs) func eachCallIsInEachState(program: String) {
      for groups in [StateTable.initProcess(of: program), StateTable.execs(of: program)] {
        let calls = Set(groups[0].map(\.call))
        for rows in groups {
          #expect(rows.count == calls.count && Set(rows.map(\.call)) == calls, "\(rows[0].states)")
        }
        #expect(Set(groups.map { $0[0].states }).count == groups.count)
      }
    }

    @Test(arguments: programs) func containers(program: String) throws {
      try StateTableHost.run(program) { host in
        for rows in StateTable.initProcess(of: program) { try host.play(rows) }
      }
    }

    @Test(arguments: programs) func execs(program: String) throws {
      try StateTableHost.run(program) { host in
        for rows in StateTable.execs(of: program) { try host.play(rows) }
      }
    }

    @Test(arguments: programs) func wrongRequests(program: String) throws {
      try StateTableHost.run(program) { host in
        let subject = try host.make("running")
        let there = host.execRequest(subject, "there", ["true"])
        let _: Google_Protobuf_Empty = try host.client.call("Exec", there)
        for wrong in StateTable.wrongExecs {
          var request = host.execRequest(subject, "new", ["true"])
          wrong.change(&request)
          try host.expect(wrong.answer, host.client.begin("Exec", request), wrong.answer)
        }
        let none = try host.make("none")
        for wrong in StateTable.wrongCreates {
          var request = host.createRequest(none.id)
          wrong.change(&request)
          try host.expect(wrong.answer, host.client.begin("Create", request), wrong.answer)
          #expect(try host.status(of: none) == nil)
        }
        // None of them is in the way of what follows.
        try host.call("Create", none)
        try host.dispose(of: none)
        try host.dispose(of: subject)
      }
    }

    /// Whoever waits, asks or deletes is told of one end, in whatever state it was asked for.
    @Test(arguments: programs) func oneEnd(program: String) throws {
      try StateTableHost.run(program) { host in
        let subject = try host.make("created")
        let exec = StateTableHost.Subject(id: subject.id, exec: "e")
        func wait() throws -> [UInt32] { [try host.begin("Wait", subject)] }
        var waits = try wait()
        try host.call("Start", subject)
        waits += try wait()
        let sleep = host.execRequest(subject, "e", ["sleep", "100000"])
        let _: Google_Protobuf_Empty = try host.client.call("Exec", sleep)
        var execWaits = [try host.begin("Wait", exec)]
        try host.call("Start", exec)
        execWaits.append(try host.begin("Wait", exec))
        if program == ShimBinary.oci {
          try host.call("Pause", subject)
          waits += try wait()
          execWaits.append(try host.begin("Wait", exec))
        }
        try host.client.kill(subject.id, 9)
        try host.expectOneEnd(of: exec, waits: execWaits)
        try host.expectOneEnd(of: subject, waits: waits)
      }
    }

    /// Of an exec that does not start and is deleted with its container.
    @Test(arguments: programs) func noEnd(program: String) throws {
      try StateTableHost.run(program) { host in
        let subject = try host.make("stopped", exec: "added")
        let wait = try host.begin("Wait", subject)
        try host.dispose(of: subject)
        let answer = try host.client.finish(wait, as: WaitResponse.self)
        #expect(answer == .with { $0.exitedAt = .never })
      }
    }

    /// The streams that are not named are /dev/null; input ends when it is closed, as often as it is.
    @Test(arguments: programs) func emptyStreams(program: String) throws {
      try StateTableHost.run(program) { host in
        let subject = try host.make("running")
        for stream in 1...2 {
          let input = "\(host.folder)/in-\(stream)"
          let output = "\(host.folder)/out-\(stream)"
          try [input, output].forEach(Files.makeFifo)
          let reader = try Collector(fifo: output)
          var request = host.execRequest(
            subject, "e\(stream)", ["sh", "-c", "echo out; echo err >&2; read line; exit 3"])
          request.stdin = input
          if stream == 1 { request.stdout = output } else { request.stderr = output }
          let exec = StateTableHost.Subject(id: subject.id, exec: request.execID)
          let _: Google_Protobuf_Empty = try host.client.call("Exec", request)
          try host.call("Start", exec)
          try reader.wait(for: "a line") { $0.text.hasSuffix("\n") }
          for _ in 1...2 { try host.call("CloseIO", exec) }
          let exit = try WaitResponse(serializedBytes: try host.call("Wait", exec))
          #expect(exit.exitStatus == 3)
          try host.call("CloseIO", exec)
          try reader.waitForEnd()
          #expect(reader.text == (stream == 1 ? "out\n" : "err\n"))
        }
        try host.dispose(of: subject)
      }
    }
  }
}

extension StateTableHost {
  fileprivate func expectOneEnd(of subject: Subject, waits: [UInt32]) throws {
    let ends = try waits.map { try client.finish($0, as: WaitResponse.self) }
    #expect(ends[0].exitStatus == 137 && ends[0].exitedAt != .never)
    #expect(ends.allSatisfy { $0 == ends[0] })
    let state = try StateResponse(serializedBytes: try call("State", subject))
    #expect(state.exitStatus == ends[0].exitStatus && state.exitedAt == ends[0].exitedAt)
    let deletion = try DeleteResponse(serializedBytes: try call("Delete", subject))
    #expect(deletion.exitStatus == ends[0].exitStatus && deletion.exitedAt == ends[0].exitedAt)
    #expect(deletion.pid == state.pid)
    // Whoever lost the answer asks again.
    guard !subject.exec.isEmpty else { return }
    #expect(try DeleteResponse(serializedBytes: try call("Delete", subject)) == deletion)
  }
}
