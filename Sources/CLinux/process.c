// SPDX-License-Identifier: Apache-2.0

#include "CLinux.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(int result) { return result < 0 ? -errno : result; }

int clinux_become_subreaper(void) { return answer(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int clinux_name_process(const char *name) { return answer(prctl(PR_SET_NAME, name, 0, 0, 0)); }

int clinux_take_terminal(void) {
  return setsid() < 0 ? -errno : answer(ioctl(STDIN_FILENO, TIOCSCTTY, 0));
}

int clinux_schedule_core_for_group(void) {
  enum { process_group = 2 };  // PIDTYPE_PGID, which no header gives
  return answer(prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, process_group, 0));
}

void clinux_return_large_blocks(void) {
  enum { threshold = 64 * 1024 };
  mallopt(M_MMAP_THRESHOLD, threshold);
  mallopt(M_TRIM_THRESHOLD, threshold);
}

void clinux_return_free_memory(void) {
  // The stack below us too: Swift's runtime recurses deep once for each new generic type. What this
  // call itself still needs lies within the two pages that are spared.
  enum { page = 4096, spared = 2 * page, depth = 128 * 1024 };
  uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(page - 1);
  madvise((void *)(here - spared - depth), depth, MADV_DONTNEED);
  malloc_trim(0);
  clinux_end_births();
}

pid_t clinux_reap(uint32_t *status) {
  int raw;
  pid_t pid = waitpid(-1, &raw, WNOHANG);
  if (pid <= 0) return answer(pid);
  *status = WIFSIGNALED(raw) ? 128 + (uint32_t)WTERMSIG(raw) : (uint32_t)WEXITSTATUS(raw);
  return pid;
}

int clinux_open_process(pid_t pid) { return answer((int)syscall(SYS_pidfd_open, pid, 0)); }

int clinux_signal_process(int pidfd, int signal) {
  return answer((int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int clinux_is_child(int pidfd) {
  siginfo_t info;
  return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int clinux_detach_mount(const char *path) {
  return answer(umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW));
}

// The kernel's own, since glibc keeps 32 and 33 for itself. An ignored signal is dropped at once; a
// blocked one that nobody reads would stay pending, real-time ones in a queue.
void clinux_ignore_stray_signals(void) {
  enum { signal_count = 64, kernel_sigset_size = 8 };
  struct { void (*handler)(int); unsigned long flags; void *restorer; uint64_t mask; } action = {0};
  for (int signal = 1; signal <= signal_count; signal++) {
    // SIGCHLD ignored, perhaps by who has started us, would take the exit statuses away.
    bool keeps_default = signal == SIGTERM || signal == SIGINT || signal == SIGCHLD;
    action.handler = keeps_default ? SIG_DFL : SIG_IGN;
    syscall(SYS_rt_sigaction, signal, &action, NULL, kernel_sigset_size);
  }
}

int clinux_open_signals(const int *signals, size_t count) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  return answer(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int clinux_read_signal(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  return count < 0 ? -errno : (int)info.ssi_signo;
}
