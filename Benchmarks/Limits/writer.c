// SPDX-License-Identifier: Apache-2.0
//
// writer GATE BYTES SIZE [PERIOD PHASE]: what writes in the containers, for a shell would be slower than
// the shims that are measured. It writes one byte, by which the reader knows that it is there, and
// waits until somebody opens the FIFO GATE for writing. Then it writes BYTES in pieces of SIZE: as fast
// as it can, or one every PERIOD microseconds, the first after PHASE microseconds.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long number(const char *word) {
  char *end;
  long value = strtol(word, &end, 10);
  if (*word == 0 || *end != 0 || value < 0) {
    fprintf(stderr, "writer: no number: %s\n", word);
    exit(1);
  }
  return value;
}

static void write_all(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(1, bytes, count);
    if (written < 0) fail("write");
    bytes += written;
    count -= (size_t)written;
  }
}

static void add(struct timespec *time, long microseconds) {
  time->tv_nsec += microseconds % 1000000 * 1000;
  time->tv_sec += microseconds / 1000000 + time->tv_nsec / 1000000000;
  time->tv_nsec %= 1000000000;
}

static void sleep_until(const struct timespec *time) {
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, NULL) == EINTR) continue;
}

int main(int count, char **words) {
  if (count != 4 && count != 6) {
    fprintf(stderr, "usage: writer GATE BYTES SIZE [PERIOD PHASE]\n");
    return 1;
  }
  long left = number(words[2]), size = number(words[3]);
  long period = count == 6 ? number(words[4]) : 0;
  if (size == 0) return 1;
  char *piece = malloc((size_t)size);
  if (piece == NULL) fail("malloc");
  memset(piece, 'x', (size_t)size);
  piece[size - 1] = '\n';

  write_all("\n", 1);
  if (open(words[1], O_RDONLY | O_CLOEXEC) < 0) fail(words[1]);

  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  if (period > 0) add(&next, number(words[5]));
  while (left > 0) {
    if (period > 0) {
      sleep_until(&next);
      add(&next, period);
    }
    long part = left < size ? left : size;
    write_all(piece + size - part, (size_t)part);
    left -= part;
  }
  return 0;
}
