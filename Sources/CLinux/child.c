// SPDX-License-Identifier: Apache-2.0

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "raw.h"

enum { signal_count = 64, kernel_sigset_size = 8 };

_Noreturn void clinux_child_exit(int code) {
  for (;;) raw_call(SYS_exit_group, code, 0, 0, 0);
}

// A signal that some parent ignored would make the command immune to it (CTRL-C). All of them: glibc
// keeps 32 and 33 for itself, and refuses these.
static void default_signals(void) {
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action = {0};
  for (long signal = 1; signal <= signal_count; signal++)
    raw_call(SYS_rt_sigaction, signal, (long)&action, 0, kernel_sigset_size);
}

void clinux_child_unblock_signals(void) {
  uint64_t none = 0;
  raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, kernel_sigset_size);
}

// For kernels before 5.9, and filters that do not know the call: what is open is listed.
static void close_listed(long from) {
  static const char list[] = "/proc/self/fd";
  long folder = raw_call(SYS_openat, AT_FDCWD, (long)list, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder < 0) return;
  struct entry { uint64_t inode, offset; unsigned short length; unsigned char type; char name[]; };
  char entries[1024];
  long count;
  while ((count = raw_call(SYS_getdents64, folder, (long)entries, sizeof entries, 0)) > 0)
    for (long at = 0; at < count;) {
      const struct entry *entry = (const void *)(entries + at);
      at += entry->length;
      long number = 0;
      for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
        number = number * 10 + (*digit - '0');
      if (number >= from && number != folder) raw_call(SYS_close, number, 0, 0, 0);
    }
  raw_call(SYS_close, folder, 0, 0, 0);
}

// Puts descriptors[i] at i. First all move above the target range, so that none is overwritten that is
// still needed; where they have come to lie is noted in the list.
static long place_descriptors(int *wanted, long count) {
  static const char null[] = "/dev/null";
  for (long i = 0; i < count; i++) {
    long source = wanted[i];
    if (source < 0) source = raw_call(SYS_openat, AT_FDCWD, (long)null, O_RDWR | O_CLOEXEC, 0);
    if (source >= 0 && source < count)
      source = raw_call(SYS_fcntl, source, F_DUPFD_CLOEXEC, count, 0);
    if (source < 0) return source;
    wanted[i] = (int)source;
  }
  for (long i = 0; i < count; i++) {
    long result = raw_call(SYS_dup3, wanted[i], i, 0, 0);
    if (result < 0) return result;
  }
  // All of ours are close-on-exec; what leaked into us from containerd is not.
  if (raw_call(SYS_close_range, count, ~0U, 0, 0) < 0) close_listed(count);
  return 0;
}

// As asked for, as far as we may: somebody may have lowered our own since (prlimit).
static long limit_files(uint64_t soft, uint64_t hard) {
  struct { uint64_t soft, hard; } wanted = {soft, hard}, now;
  long result = raw_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&now);
  if (result < 0) return result;
  if (wanted.hard > now.hard) wanted.hard = now.hard;
  if (wanted.soft > wanted.hard) wanted.soft = wanted.hard;
  return raw_call(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&wanted, 0);
}

long clinux_child_set_up(const struct clinux_spawn *request, pid_t parent) {
  long result = 0;
  if (request->death_signal) {
    result = raw_call(SYS_prctl, PR_SET_PDEATHSIG, request->death_signal, 0, 0);
    // It died before the prctl.
    if (result >= 0 && raw_call(SYS_getppid, 0, 0, 0, 0) != parent) clinux_child_exit(127);
  }
  if (result >= 0 && request->own_group) result = raw_call(SYS_setpgid, 0, 0, 0, 0);
  if (result >= 0)
    result = place_descriptors(request->descriptors, (long)request->descriptor_count);
  // Only now: with the lower limit and our full table no descriptor could have been moved.
  if (result >= 0) result = limit_files(request->open_files_soft, request->open_files_hard);
  return result;
}

// As execvp does: what may not be executed is passed over, and said if there is nothing better.
static long execute_first(char *const *paths, char *const *argv, char *const *envp) {
  long worst = *paths ? -ENOTDIR : -ENOENT;
  bool searches = *paths && paths[1];
  for (; *paths; paths++) {
    // To try to execute what is not there takes three times as long.
    long result = searches ? raw_call(SYS_faccessat, AT_FDCWD, (long)*paths, 1 /* X_OK */, 0) : 0;
    if (result >= 0) result = raw_call(SYS_execve, (long)*paths, (long)argv, (long)envp, 0);
    if (result != -EACCES && result != -ENOENT && result != -ENOTDIR) return result;
    if (result == -EACCES || (result == -ENOENT && worst == -ENOTDIR)) worst = result;
  }
  return worst;
}

int clinux_child_execute(const struct clinux_spawn *request, pid_t parent) {
  long result = clinux_child_set_up(request, parent);
  if (result >= 0) {
    default_signals();
    clinux_child_unblock_signals();
    result = execute_first(request->paths, request->argv, request->envp);
  }
  return (int)-result;
}
