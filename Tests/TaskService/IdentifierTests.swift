// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TaskService

@Suite struct IdentifierTests {
  @Test(arguments: ["a", "k8s.io", "shim-test", "A_b.c-9", String(repeating: "x", count: 76)])
  func valid(_ name: String) { #expect(Identifier.isValid(name)) }

  @Test(arguments: [
    "", ".", "..", "-a", "a-", "a..b", "a/b", "../x", "a b", "a\0", "ä", "a\n",
    String(repeating: "x", count: 77),
  ])
  func invalid(_ name: String) { #expect(!Identifier.isValid(name)) }
}
