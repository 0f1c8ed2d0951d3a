// SPDX-License-Identifier: Apache-2.0
//
// Stands between a shim and runc, and notes when it ran: for each call a line `VERB BEGIN END`, in
// nanoseconds of CLOCK_MONOTONIC, in the file `runs` beside the path it was called by. The container
// still becomes the shim's child, for this is no subreaper.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/// The first word that is neither a flag nor a value of one; runc's flags before it have a value each,
/// all but `--debug` and `--systemd-cgroup`, which may have one after `=`.
static const char *verb(char **arguments) {
  for (; *arguments; arguments++) {
    if (**arguments != '-') return *arguments;
    int is_switch = strchr(*arguments, '=') || !strcmp(*arguments, "--debug") ||
                    !strcmp(*arguments, "--systemd-cgroup");
    if (!is_switch && arguments[1]) arguments++;
  }
  return "none";
}

int main(int count, char **arguments) {
  (void)count;
  // What it took to get here belongs to the run of a runtime, and not to the shim: so it begins where
  // this process did, whose only time so far was that.
  long long begin = nanoseconds(CLOCK_MONOTONIC) - nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  char path[4096], line[256];
  const char *slash = strrchr(arguments[0], '/');
  int length = slash ? slash - arguments[0] : 1;
  snprintf(path, sizeof path, "%.*s/runs", length, slash ? arguments[0] : ".");
  int runs = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  char name[] = "runc";
  arguments[0] = name;
  pid_t pid;
  int status;
  if (runs < 0 || posix_spawnp(&pid, name, NULL, NULL, arguments, environ)) return 127;
  if (waitpid(pid, &status, 0) != pid) return 127;
  length = snprintf(line, sizeof line, "%s %lld %lld\n", verb(arguments + 1), begin,
                    nanoseconds(CLOCK_MONOTONIC));
  if (write(runs, line, length) != length) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
