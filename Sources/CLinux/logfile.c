// SPDX-License-Identifier: Apache-2.0
//
// Writes what a container prints to a file: a process of its own, since whoever writes to a disk waits for
// it in the kernel, and a shim never waits. It is this executable again, so that no other file is to be
// installed, but begins and ends before Swift's runtime does, which would take twice its memory.
//
//     NAME log-file create|append PATH    descriptors 3 and 4: pipes; 5: where it reports
//
// An error of the disk may pass (ENOSPC, EDQUOT, EIO, EFBIG, ESTALE): while it lasts the output is dropped
// and counted, for the container must go on, and later output is tried again, from the start of a line.

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  first_input = 3,
  inputs = 2,
  reports = 5,
  page = 4096,
  buffer_size = 64 * 1024,
  much = 16 * 1024,            // less than this, and soon after the last: more is waited for
  busy = 1000 * 1000,          // ns since the last turn
  pace = 130 * 1000,           // ns
  retry = 100 * 1000 * 1000,   // ns from one failure to the next try
  patience = 100,              // ms without output, after which the buffer's memory goes back
};

static struct {
  const char *path;
  int flags, file;
  int error;              // while output is dropped; else 0
  int64_t next_try;
  bool ends_in_line;      // what was written last is the middle of a line
  bool lost_in_line;      // what was dropped last is
  uint64_t written, dropped, dropped_before;
} target;

static _Alignas(page) char buffer[buffer_size];

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void report(enum clinux_log_event event, int error, uint64_t dropped) {
  const struct clinux_log_report line = {event, error, target.written, dropped};
  if (write(reports, &line, sizeof line) < 0) {}  // nobody listens any more, or has not for long
}

static int open_file(void) {
  int file = open(target.path, target.flags | O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
  struct stat status;
  if (file < 0) return -errno;
  // Made by us it is a log; a name that was there may be a device.
  if (target.flags & O_CREAT && (fstat(file, &status) < 0 || !S_ISREG(status.st_mode))) {
    close(file);
    return -EINVAL;
  }
  return file;
}

static int make_folders(const char *path) {
  char folder[PATH_MAX];
  if (strlen(path) >= sizeof folder) return -ENAMETOOLONG;
  strcpy(folder, path);
  for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(folder, 0755) < 0 && errno != EEXIST) return -errno;
    *slash = '/';
  }
  return 0;
}

// -- Writing ------------------------------------------------------------------------------------

static bool is_for_want_of_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

// What could be written, in as many pieces as it takes.
static size_t write_all(const char *bytes, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t written = write(target.file, bytes + done, count - done);
    if (written > 0) {
      done += (size_t)written;
      target.ends_in_line = bytes[done - 1] != '\n';
    } else if (written < 0 && errno == EAGAIN) {
      struct pollfd room = {target.file, POLLOUT, 0};  // of a device
      poll(&room, 1, -1);
    } else if (written == 0 || errno != EINTR) {
      target.error = written == 0 ? ENOSPC : errno;
      break;
    }
  }
  target.written += done;
  return done;
}

static void lose(const char *bytes, size_t count) {
  if (count == 0) return;
  target.dropped += count;
  target.lost_in_line = bytes[count - 1] != '\n';
}

static void begin_to_lose(void) {
  target.dropped_before = target.dropped;
  target.next_try = now() + retry;
  report(clinux_log_loses, target.error, target.dropped);
}

// Of a server that has come back, or a disk that was mounted anew, the old file is of no use.
static void open_anew(void) {
  int file = open_file();
  if (file < 0) return;
  close(target.file);
  target.file = file;
}

static void try_again(const char *bytes, size_t count) {
  // The rest of a line whose beginning is lost tells nobody anything.
  const char *end = target.lost_in_line ? memchr(bytes, '\n', count) : NULL;
  size_t skipped = end ? (size_t)(end + 1 - bytes) : 0;
  if (skipped == count || now() < target.next_try) return lose(bytes, count);
  lose(bytes, skipped);
  if (!is_for_want_of_room(target.error)) open_anew();
  target.error = 0;
  if (target.ends_in_line) write_all("\n", 1);
  size_t done = target.error ? 0 : write_all(bytes + skipped, count - skipped);
  if (done > 0) report(clinux_log_writes_again, 0, target.dropped - target.dropped_before);
  if (target.error && done > 0) begin_to_lose();
  if (target.error) target.next_try = now() + retry;
  lose(bytes + skipped + done, count - skipped - done);
}

static void put(const char *bytes, size_t count) {
  if (target.error) return try_again(bytes, count);
  size_t done = write_all(bytes, count);
  if (target.error) begin_to_lose();
  lose(bytes + done, count - done);
}

// -- Reading ------------------------------------------------------------------------------------

// One piece of an input; -1 at its end.
static ssize_t take(int input) {
  ssize_t count = read(input, buffer, sizeof buffer);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (count <= 0) return -1;
  put(buffer, (size_t)count);
  return count;
}

static void serve(void) {
  struct pollfd sources[inputs];
  int open_inputs = inputs;
  for (int i = 0; i < inputs; i++) sources[i] = (struct pollfd){first_input + i, POLLIN, 0};
  int64_t last = 0;
  bool holds_memory = false;
  while (open_inputs > 0) {
    int ready = poll(sources, inputs, holds_memory ? patience : -1);
    if (ready == 0) {
      madvise(buffer + page, sizeof buffer - page, MADV_DONTNEED);
      holds_memory = false;
    }
    ssize_t taken = 0;
    for (int i = 0; ready > 0 && i < inputs; i++) {
      if (!sources[i].revents) continue;
      ssize_t count = take(sources[i].fd);
      if (count < 0) {
        sources[i].fd = -1;
        open_inputs--;
      } else {
        taken += count;
        if (count > page) holds_memory = true;
      }
    }
    // Short lines gather meanwhile, and one write takes many.
    int64_t time = now();
    if (taken > 0 && taken < much && time - last < busy)
      nanosleep(&(struct timespec){0, pace}, NULL);
    last = time;
  }
}

// Nobody has a reason to signal it but Delete, which has waited long enough.
static void ignore_signals(void) {
  static const int fatal[] = {SIGTERM, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
  for (int number = 1; number <= SIGRTMAX; number++) {
    bool is_fatal = false;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) is_fatal |= fatal[i] == number;
    if (!is_fatal) signal(number, SIG_IGN);
  }
}

__attribute__((constructor)) static void begin(int count, char **words) {
  if (count != 4 || strcmp(words[1], "log-file") != 0) return;
  prctl(PR_SET_NAME, "shim:log-file", 0, 0, 0);
  ignore_signals();
  fcntl(reports, F_SETFL, O_NONBLOCK);
  target.path = words[3];
  bool creates = strcmp(words[2], "create") == 0;
  // A link at the path might lead root's writing elsewhere.
  target.flags = creates ? O_CREAT | O_NOFOLLOW : 0;
  int error = creates ? make_folders(target.path) : 0;
  target.file = error < 0 ? error : open_file();
  report(clinux_log_opened, target.file < 0 ? -target.file : 0, 0);
  if (target.file < 0) _exit(1);
  serve();
  report(clinux_log_ended, 0, target.dropped);
  _exit(0);
}
