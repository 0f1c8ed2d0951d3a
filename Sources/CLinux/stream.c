// SPDX-License-Identifier: Apache-2.0

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int answer(int result) { return result < 0 ? -errno : result; }

int clinux_open_place(const char *path) { return answer(open(path, O_PATH | O_CLOEXEC)); }

int clinux_memory_file(const char *name) { return answer(memfd_create(name, MFD_CLOEXEC)); }

int clinux_pipe(int *read_end, int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  *read_end = ends[0];
  *write_end = ends[1];
  return 0;
}

int clinux_pipe_capacity(int pipe) { return answer(fcntl(pipe, F_GETPIPE_SZ)); }

int clinux_set_pipe_capacity(int pipe, int bytes) {
  return answer(fcntl(pipe, F_SETPIPE_SZ, bytes));
}

int clinux_readable_bytes(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, FIONREAD, &bytes) < 0 ? -errno : bytes;
}

ssize_t clinux_splice(int input, int output, size_t bytes) {
  ssize_t moved =
      splice(input, NULL, output, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  return moved < 0 ? -errno : moved;
}

int clinux_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -errno : answer(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
}

int clinux_duplicate(int descriptor) { return answer(fcntl(descriptor, F_DUPFD_CLOEXEC, 3)); }

int clinux_set_window(int terminal, uint16_t columns, uint16_t rows) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return answer(ioctl(terminal, TIOCSWINSZ, &size));
}

int clinux_open_terminal(int *master) {
  int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  int unlocked = 0, other = -1;
  if (ours >= 0 && ioctl(ours, TIOCSPTLCK, &unlocked) == 0)
    other = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (other < 0) {
    int error = errno;
    if (ours >= 0) close(ours);
    return -error;
  }
  *master = ours;
  return other;
}

int clinux_set_close_on_exec(int descriptor) {
  return answer(fcntl(descriptor, F_SETFD, FD_CLOEXEC));
}

int clinux_open_timer(void) {
  return answer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int clinux_set_timer(int timer, uint64_t nanoseconds) {
  const struct itimerspec once = {
      .it_value = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
  return answer(timerfd_settime(timer, 0, &once, NULL));
}

int clinux_open_oom_events(const char *folder) {
  int directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -errno;
  int events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int source = openat(directory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
  int control = openat(directory, "cgroup.event_control", O_WRONLY | O_CLOEXEC);
  char line[32];
  int length = snprintf(line, sizeof line, "%d %d", events, source);
  int result = events < 0 || source < 0 || control < 0 || write(control, line, length) < 0
                   ? -errno : events;
  if (result < 0 && events >= 0) close(events);
  if (source >= 0) close(source);
  if (control >= 0) close(control);
  close(directory);
  return result;
}
