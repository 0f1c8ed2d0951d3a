// SPDX-License-Identifier: Apache-2.0

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
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

// A sandbox's filter answers either to what it does not know.
static bool is_missing(int error) { return error == ENOSYS || error == EPERM; }

// Where there are no pidfds (pidfd_open: Linux 5.3) a process is meant by its folder in /proc, held open:
// that is empty when the process has been reaped, whoever has its pid then.
int clinux_open_process(pid_t pid) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (pidfd >= 0 || !is_missing(errno)) return answer(pidfd);
  char path[32];
  snprintf(path, sizeof path, "/proc/%d", (int)pid);
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return folder < 0 && errno == ENOENT ? -ESRCH : answer(folder);
}

// The beginning of a small file of /proc; -ESRCH when its process is gone.
static ssize_t read_text(int folder, const char *name, char *text, size_t size) {
  int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? -ESRCH : -errno;
  ssize_t count = read(file, text, size - 1);
  int error = errno;
  close(file);
  if (count < 0) return -error;
  text[count] = 0;
  return count;
}

// The pid of a process that has not been reaped, and its state: a letter as in /proc/PID/stat, or 0 when
// that cannot be told.
static pid_t find_process(int descriptor, char *state) {
  char text[512];
  *state = 0;
  ssize_t count = read_text(descriptor, "stat", text, sizeof text);
  if (count >= 0) {
    // The name, in parentheses, may hold any byte.
    const char *name_end = strrchr(text, ')');
    if (!name_end || strlen(name_end) < 3) return -EIO;
    *state = name_end[2];
    return (pid_t)strtol(text, NULL, 10);
  }
  if (count != -ENOTDIR) return (pid_t)count;
  // A pidfd that may not be used.
  char name[48];
  snprintf(name, sizeof name, "/proc/self/fdinfo/%d", descriptor);
  count = read_text(AT_FDCWD, name, text, sizeof text);
  if (count < 0) return (pid_t)count;
  const char *line = strstr(text, "\nPid:");
  long pid = line ? strtol(line + strlen("\nPid:"), NULL, 10) : -1;
  return pid > 0 ? (pid_t)pid : -ESRCH;
}

// Without pidfd_send_signal (Linux 5.1) the pid is looked up right before: no other process can have got that
// of a child of ours, which nobody else reaps.
int clinux_signal_process(int descriptor, int signal) {
  int result = (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
  if (result == 0 || (!is_missing(errno) && errno != EBADF)) return answer(result);
  char state;
  pid_t pid = find_process(descriptor, &state);
  return pid < 0 ? pid : answer(kill(pid, signal));
}

int clinux_is_child(int descriptor) {
  enum { options = WEXITED | WNOHANG | WNOWAIT };
  siginfo_t info;
  if (waitid(P_PIDFD, (id_t)descriptor, &info, options) == 0) return 1;
  if (errno == ECHILD) return 0;
  // Before Linux 5.4, or no pidfd.
  char state;
  pid_t pid = find_process(descriptor, &state);
  return pid > 0 && waitid(P_PID, (id_t)pid, &info, options) == 0;
}

// Until we reap it no other process can have its pid.
int clinux_kill_child(pid_t pid) {
  siginfo_t info;
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return -errno;
  return answer(kill(pid, SIGKILL));
}

int clinux_wait_for_process(int descriptor, int milliseconds) {
  enum { pause = 5 };
  struct stat status;
  if (fstat(descriptor, &status) < 0) return -errno;
  if (!S_ISDIR(status.st_mode)) {
    struct pollfd query = {.fd = descriptor, .events = POLLIN};
    return answer(poll(&query, 1, milliseconds));
  }
  for (int waited = 0;; waited += pause) {
    char state;
    if (find_process(descriptor, &state) < 0 || state == 'Z' || state == 'X') return 1;
    if (milliseconds >= 0 && waited >= milliseconds) return 0;
    usleep(pause * 1000);
  }
}

int clinux_watch_names(int folder, int signal) {
  if (fcntl(folder, F_SETSIG, signal) < 0) return -errno;
  return answer(fcntl(folder, F_NOTIFY, DN_DELETE | DN_RENAME | DN_MULTISHOT));
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
