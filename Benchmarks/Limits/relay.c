// SPDX-License-Identifier: Apache-2.0
//
// relay FIFO COMMAND...: the limit of what a shim can do for a stream. It runs a command whose output is
// a pipe, and splices that to a FIFO, both of 1 MiB, when epoll tells that it may. Nothing else. It ends
// with the pipe: the command may be `runc exec --detach`, and who writes is what that leaves behind.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_SIZE = 1 << 20 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static pid_t spawn(int output, char **command) {
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) return pid;
  if (dup2(output, 1) < 0) fail("dup2");
  execvp(command[0], command);
  fail(command[0]);
  return -1;
}

static void watch(int epoll, int operation, int descriptor, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = descriptor};
  if (epoll_ctl(epoll, operation, descriptor, &event) < 0) fail("epoll_ctl");
}

/// Until the input has ended. A full output is awaited alone, else a readable input would wake us.
static void relay(int input, int output) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1");
  watch(epoll, EPOLL_CTL_ADD, input, EPOLLIN);
  watch(epoll, EPOLL_CTL_ADD, output, 0);
  int awaits_room = 0;
  while (1) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) < 0) fail("epoll_wait");
    if (event.data.fd == output && event.events & EPOLLERR) {
      fprintf(stderr, "relay: no reader\n");
      exit(1);
    }
    ssize_t moved =
        splice(input, NULL, output, NULL, PIPE_SIZE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved == 0) return;
    if (moved < 0 && errno != EAGAIN) fail("splice");
    // EAGAIN after EPOLLIN: it is the output that is full.
    int is_full = moved < 0 && event.data.fd == input;
    if (is_full == awaits_room) continue;
    awaits_room = is_full;
    watch(epoll, EPOLL_CTL_MOD, input, is_full ? 0 : EPOLLIN);
    watch(epoll, EPOLL_CTL_MOD, output, is_full ? EPOLLOUT : 0);
  }
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: relay FIFO COMMAND...\n");
    return 1;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int output = open(words[1], O_WRONLY | O_CLOEXEC);
  if (output < 0) fail(words[1]);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe2");
  if (fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE) < 0 || fcntl(output, F_SETPIPE_SZ, PIPE_SIZE) < 0)
    fail("F_SETPIPE_SZ");
  pid_t pid = spawn(ends[1], words + 2);
  close(ends[1]);
  relay(ends[0], output);
  int status;
  if (waitpid(pid, &status, 0) != pid) fail("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
