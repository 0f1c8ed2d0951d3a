// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// Memory for C libraries that keep many small blocks for ever (slots.c).
package enum SmallBlocks {
  package static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    unsafe clinux_slot_malloc(size)
  }

  package static func resize(
    _ block: UnsafeMutableRawPointer?, _ size: Int
  ) -> UnsafeMutableRawPointer? {
    unsafe clinux_slot_realloc(block, size)
  }

  package static func free(_ block: UnsafeMutableRawPointer?) { unsafe clinux_slot_free(block) }
}
