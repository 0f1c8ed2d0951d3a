// SPDX-License-Identifier: Apache-2.0
//
// Many blocks that die together, in pages of their own: a parsed spec strewn over the heap would
// leave 20 kB of it pinned by whatever is allocated next.

#include "CLinux.h"

#include <stdlib.h>

enum { alignment = 16, piece_size = 64 * 1024 };  // from this size on malloc maps and unmaps

struct piece {
  struct piece *older;
  size_t used, size;
  _Alignas(16) char bytes[];
};

static _Thread_local struct piece *newest;

void *clinux_arena_malloc(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size = (size + alignment - 1) & ~(size_t)(alignment - 1);
  if (!newest || newest->size - newest->used < size) {
    size_t room = size > piece_size ? size : piece_size;
    struct piece *piece = malloc(sizeof *piece + room);
    if (!piece) return NULL;
    *piece = (struct piece){.older = newest, .size = room};
    newest = piece;
  }
  void *block = newest->bytes + newest->used;
  newest->used += size;
  return block;
}

void clinux_arena_free(void *block) { (void)block; }

void clinux_arena_end(void) {
  while (newest) {
    struct piece *older = newest->older;
    free(newest);
    newest = older;
  }
}
