// SPDX-License-Identifier: Apache-2.0

import ContainerdAPI
import SwiftProtobuf
import Testing

@testable import TaskService

@Suite struct DeletedExecsTests {
  private func response(_ pid: UInt32) -> DeleteResponse { .with { $0.pid = pid } }

  @Test func theLastSixtyFourAreRemembered() {
    var deleted = DeletedExecs()
    for number in 0..<UInt32(DeletedExecs.limit + 2) { deleted.add("\(number)", response(number)) }
    #expect(deleted["0"] == nil)
    #expect(deleted["1"] == nil)
    #expect(deleted["2"]?.pid == 2)
    #expect(deleted["65"]?.pid == 65)
  }

  @Test func aNewExecForgetsTheOldOne() {
    var deleted = DeletedExecs()
    deleted.add("a", response(1))
    deleted.add("a", response(2))
    #expect(deleted["a"]?.pid == 2)
    deleted.forget("a")
    #expect(deleted["a"] == nil)
  }
}
