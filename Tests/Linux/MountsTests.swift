// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Linux

@Suite struct MountsTests {
  @Test func pointsAreFoundAndUnescaped() {
    // proc(5), mountinfo: the fifth word; a number of optional words follows the sixth.
    let table = #"""
      36 35 98:0 / /a/rootfs rw,noatime master:1 - ext3 /dev/root rw,errors=continue
      37 35 98:0 /mnt /a\040b\134c\011d rw - tmpfs none rw
      38 35 98:0 / /end\04 rw - tmpfs none rw
      broken
      """#
    #expect(Mounts.points(in: table) == ["/a/rootfs", "/a b\\c\td", "/end\\04"])
  }

  @Test func procIsMounted() {
    #expect(Mounts.below("/proc").last == "/proc")
    #expect(Mounts.below("/pro") == [])
  }
}
