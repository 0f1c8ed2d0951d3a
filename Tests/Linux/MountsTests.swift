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
    let points = table.utf8.split(separator: 10).map { Mounts.point(in: Array($0)[...]) }
    #expect(points == ["/a/rootfs", "/a b\\c\td", "/end\\04"].map { RawPath($0) } + [nil])
  }

  @Test func procIsMounted() {
    #expect(Mounts.below("/proc").last == RawPath("/proc"))
    #expect(Mounts.below("/pro") == [])
  }

  /// No two names are the same but those of the same bytes, which need be no UTF-8.
  @Test func pointsAreBytes() {
    let point = RawPath([47, 97, 47, 0xff])
    #expect(
      Mounts.point(in: Array("1 2 0:3 / /a/".utf8) + [0xff] + Array(" rw - t n rw".utf8)) == point)
    #expect(
      point.isAtOrBelow("/a") && !point.isAtOrBelow("/a/\u{FFFD}") && !point.isAtOrBelow("/a/b"))
    #expect(
      !RawPath("/\u{e4}").isAtOrBelow("/a\u{308}") && RawPath("/\u{e4}/b").isAtOrBelow("/\u{e4}"))
  }
}
