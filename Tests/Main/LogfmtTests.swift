// SPDX-License-Identifier: Apache-2.0

import TaskService
import Testing

@testable import Main

@Suite struct LogfmtTests {
  @Test(arguments: [
    ("plain", "plain"), ("/run/x.sock:1", "/run/x.sock:1"), ("", "\"\""), ("a b", "\"a b\""),
    ("a=b", "\"a=b\""), ("say \"hi\"", "\"say \\\"hi\\\"\""), ("back\\slash", "\"back\\\\slash\""),
    ("two\nlines", "\"two\\nlines\""), ("bell\u{7}", "\"bell?\""), ("é", "\"é\""),
  ])
  func quoting(_ value: String, _ written: String) { #expect(Logfmt.quoted(value) == written) }

  /// Whatever a client names its container, it cannot begin a line of its own in containerd's log.
  @Test func oneLineStaysOneLine() {
    let line = Logfmt.line(.info, "x\r\ny", [("id", "a\nlevel=fatal")])
    #expect(!line.contains("\n") && !line.contains("\r"))
    #expect(line.contains(" level=info msg="))
  }
}
