// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

/// Bytes that writer and reader can both make: the next of them for a state, which begins as a seed.
/// `count` is a multiple of eight.
void pattern_fill(uint64_t *state, void *bytes, size_t count);
