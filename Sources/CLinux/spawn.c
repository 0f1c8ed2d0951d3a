// SPDX-License-Identifier: Apache-2.0
//
// clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD): the child borrows our memory until it has executed
// its program, so nothing is copied, and a failure comes back through that memory. Between clone
// and exec only async-signal-safe calls are made. posix_spawn of glibc 2.36 has neither pidfd nor
// PDEATHSIG, and leaves signals 32 and 33 ignored in the child.

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { stack_size = 64 * 1024, signal_count = 64, kernel_sigset_size = 8 };

struct birth {
  const struct clinux_spawn *request;
  pid_t parent;
  volatile int error;
};

// Raw system calls: glibc refuses signals 32 and 33, which it keeps for itself. A signal that some
// parent ignored would make the command immune to it (CTRL-C).
static void default_signals(void) {
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action = {0};
  for (int signal = 1; signal <= signal_count; signal++)
    syscall(SYS_rt_sigaction, signal, &action, NULL, kernel_sigset_size);
}

static void block_no_signals(void) {
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, kernel_sigset_size);
}

// Puts descriptors[i] at i. Sources inside the target range move above it first, so that no dup2
// overwrites one that is still needed.
static int place_descriptors(const int *wanted, size_t count) {
  int sources[count ? count : 1];
  for (size_t i = 0; i < count; i++) {
    sources[i] = wanted[i] >= 0 ? wanted[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
    if (sources[i] >= 0 && sources[i] < (int)count)
      sources[i] = fcntl(sources[i], F_DUPFD_CLOEXEC, (int)count);
    if (sources[i] < 0) return -1;
  }
  for (size_t i = 0; i < count; i++)
    if (dup2(sources[i], (int)i) < 0) return -1;
  // All of ours are close-on-exec; what leaked into us from containerd is not. Linux 5.9 at least.
  return close_range((unsigned)count, ~0U, 0);
}

// All but the program.
static int set_up(const struct clinux_spawn *request, pid_t parent) {
  if (request->death_signal) {
    if (prctl(PR_SET_PDEATHSIG, request->death_signal) < 0) return -1;
    if (getppid() != parent) _exit(127);  // it died before the prctl
  }
  if (request->own_group && setpgid(0, 0) < 0) return -1;
  const struct rlimit open_files = {request->open_files_soft, request->open_files_hard};
  if (place_descriptors(request->descriptors, request->descriptor_count) < 0) return -1;
  // Only now: with the lower limit and our full table no descriptor could have been moved.
  if (setrlimit(RLIMIT_NOFILE, &open_files) < 0) return -1;
  return 0;
}

static int child(void *argument) {
  struct birth *birth = argument;
  const struct clinux_spawn *request = birth->request;
  if (set_up(request, birth->parent) == 0) {
    default_signals();
    block_no_signals();
    execve(request->path, request->argv, request->envp);
  }
  birth->error = errno;
  _exit(127);
}

pid_t clinux_spawn(const struct clinux_spawn *request, int *pidfd) {
  void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;

  // No handler of ours may run in the child while it shares our memory.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  struct birth birth = {.request = request, .parent = getpid()};
  pid_t pid = clone(child, (char *)stack + stack_size,
                    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &birth, pidfd);
  int error = pid < 0 ? errno : birth.error;
  sigprocmask(SIG_SETMASK, &before, NULL);
  munmap(stack, stack_size);

  if (pid > 0 && error) {  // dead already: this wait does not block
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    close(*pidfd);
  }
  return error ? -error : pid;
}

// A plain fork: the copy may take its time. With one thread all of it is as usable as before.
pid_t clinux_fork(const struct clinux_spawn *request, int *pidfd) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = _Fork();
  if (pid == 0) {
    if (set_up(request, parent) < 0) _exit(127);
    block_no_signals();
    return 0;
  }
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) return -error;
  // Nobody has reaped it: the pid is its own.
  *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (*pidfd >= 0) return pid;
  error = errno;
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  return -error;
}
