// SPDX-License-Identifier: Apache-2.0

#include "CPattern.h"

#include <string.h>

// xorshift64: a seed of zero would stay zero.
void pattern_fill(uint64_t *state, void *bytes, size_t count) {
  uint64_t word = *state ? *state : 1;
  for (size_t at = 0; at + 8 <= count; at += 8) {
    word ^= word << 13;
    word ^= word >> 7;
    word ^= word << 17;
    memcpy((char *)bytes + at, &word, 8);
  }
  *state = word;
}
