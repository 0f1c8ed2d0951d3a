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

/// Memory for a C library whose blocks all die together (arena.c); one arena at a time on a thread.
package enum Arena {
  package static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    unsafe clinux_arena_malloc(size)
  }

  package static func free(_ block: UnsafeMutableRawPointer?) { unsafe clinux_arena_free(block) }

  /// Ends all blocks that were allocated since the last end.
  package static func end() { clinux_arena_end() }
}
