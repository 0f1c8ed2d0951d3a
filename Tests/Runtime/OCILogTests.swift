// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

@Suite struct OCILogTests {
  private static let runc = """
    {"level":"warning","msg":"unable to terminate initProcess","time":"2026-11-29T04:49:46Z"}
    {"level":"error","msg":"runc create failed: no such file\\n","time":"2026-11-29T04:49:46Z"}

    """
  private static let crun = """
    {
      "msg": "executable file `nowhere` not found in $PATH",
      "level": "error",
      "time": "2026-11-29T04:49:46.320772Z"
    }

    """

  @Test func aLineForEachEntry() {
    #expect(OCILog.lastError(of: Self.runc) == "runc create failed: no such file")
  }

  @Test func anEntryOfSeveralLines() {
    let words = "executable file `nowhere` not found in $PATH"
    #expect(OCILog.lastError(of: Self.crun) == words)
    #expect(OCILog.lastError(of: Self.runc + Self.crun) == words)
    #expect(OCILog.lastError(of: Self.crun + Self.runc) == "runc create failed: no such file")
  }

  /// A runtime that is killed or crashes.
  @Test(arguments: [
    "", "\n", "Killed", "{", "{\"level\":\"err", "{\"level\": \"error\"", "{\n  \"msg\": \"cut",
    "{\"level\":\"error\"}", "{\"level\":\"error\",\"msg\":7}", "[]",
  ])
  func whatIsNoErrorIsPassedOver(rest: String) {
    #expect(OCILog.lastError(of: rest) == nil)
    for whole in [Self.runc, Self.crun] {
      let words = OCILog.lastError(of: whole)
      #expect(words != nil)
      #expect(OCILog.lastError(of: whole + rest) == words)
      #expect(OCILog.lastError(of: "\(rest)\n\(whole)") == words)
    }
  }
}
