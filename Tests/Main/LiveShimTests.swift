// SPDX-License-Identifier: Apache-2.0

import TTRPC
import Testing

@testable import Main

/// What `start` makes of a live socket's answer to Connect.
@Suite struct LiveShimTests {
  @Test(
    arguments: [
      (Status(code: .unimplemented, message: "service containerd.task.v2.Task"), .version(3)),
      (Status(code: .unavailable, message: "ttrpc: closed"), .ending),
      (Status(code: .deadlineExceeded, message: ""), .version(2)),
      (Status(code: .internal, message: ""), .version(2)),
    ] as [(Status, LiveShim.Answer)])
  func refusals(status: Status, answer: LiveShim.Answer) {
    #expect(LiveShim.answer(to: .failure(status)) == answer)
  }

  @Test func aConnectMeansVersionTwo() {
    #expect(LiveShim.answer(to: .success([])) == .version(2))
  }

  @Test func theAnswerOfStart() {
    #expect(Start.answer("unix:///run/x", version: 2) == "unix:///run/x")
    #expect(
      Start.answer("unix:///run/x", version: 3)
        == #"{"version":3,"address":"unix:///run/x","protocol":"ttrpc"}"#)
    #expect(Start.answer(#"unix:///a"b\c"#, version: 3).contains(#"unix:///a\"b\\c"#))
  }
}
