// SPDX-License-Identifier: Apache-2.0
//
// Small blocks side by side. libevent keeps one of 16 bytes for each descriptor number that it ever
// watched: strewn among the blocks of 900 connections, they would hold 700 kB after these have gone.

#include "CLinux.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { slot_size = 32, region_size = 256 * 1024 };

union slot {
  union slot *next_free;
  char bytes[slot_size];
};

static union slot *region, *region_end, *untouched, *free_slots;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // tests have a loop on each thread

// A slot stays one for ever, and whoever asks got his through the lock: no lock needed.
static bool is_slot(const void *block) {
  return (const union slot *)block >= region && (const union slot *)block < region_end;
}

static void *take_slot_locked(void) {
  if (!region) {
    // Address space; a page becomes memory when its first slot is used.
    void *pages = mmap(NULL, region_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    region = untouched = pages;
    region_end = region + region_size / slot_size;
  }
  if (free_slots) {
    union slot *slot = free_slots;
    free_slots = slot->next_free;
    return slot;
  }
  return untouched < region_end ? untouched++ : NULL;
}

static void *take_slot(void) {
  pthread_mutex_lock(&lock);
  void *slot = take_slot_locked();
  pthread_mutex_unlock(&lock);
  return slot;
}

void *clinux_slot_malloc(size_t size) {
  void *slot = size <= slot_size ? take_slot() : NULL;
  return slot ? slot : malloc(size);
}

void clinux_slot_free(void *block) {
  if (!is_slot(block)) return free(block);
  union slot *slot = block;
  pthread_mutex_lock(&lock);
  slot->next_free = free_slots;
  free_slots = slot;
  pthread_mutex_unlock(&lock);
}

void *clinux_slot_realloc(void *block, size_t size) {
  if (!is_slot(block)) return realloc(block, size);
  if (size <= slot_size) return block;
  void *larger = malloc(size);
  if (!larger) return NULL;
  memcpy(larger, block, slot_size);
  clinux_slot_free(block);
  return larger;
}
