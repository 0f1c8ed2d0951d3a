// SPDX-License-Identifier: Apache-2.0
//
// state-server SOCKET SIZE: the limit of what a shim can do for an RPC. It answers each frame of ttrpc with
// a fixed response of SIZE bytes: a read, a write of all answers that follow from it, and epoll. It
// looks into no request.

#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER = 10, REQUESTS = 64 * 1024, ANSWERS = 1024 * 1024 };

static char requests[REQUESTS], answers[ANSWERS];
/// Bytes of a request that is not whole yet: there is one client.
static size_t held;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail(path);
  strcpy(address.sun_path, path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(listener, 1) < 0)
    fail(path);
  return listener;
}

static void watch(int epoll, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

/// The header of an answer: its length, the stream of the request, type 2 (response), no flags.
static void put_header(char *answer, uint32_t size, const char *request) {
  uint32_t length = htonl(size);
  memcpy(answer, &length, 4);
  memcpy(answer + 4, request + 4, 4);
  answer[8] = 2;
  answer[9] = 0;
}

/// One read and one write. 0 when the client has gone.
static int serve(int client, uint32_t size) {
  ssize_t count = read(client, requests + held, REQUESTS - held);
  if (count <= 0) return 0;
  size_t end = held + (size_t)count, start = 0, filled = 0;
  while (end - start >= HEADER) {
    uint32_t length;
    memcpy(&length, requests + start, 4);
    length = ntohl(length);
    if (end - start < HEADER + length) break;
    if (filled + HEADER + size > ANSWERS) fail("too many requests at once");
    put_header(answers + filled, size, requests + start);
    filled += HEADER + size;
    start += HEADER + length;
  }
  held = end - start;
  memmove(requests, requests + start, held);
  return filled == 0 || write(client, answers, filled) == (ssize_t)filled;
}

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "usage: state-server SOCKET SIZE\n");
    return 1;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  uint32_t size = (uint32_t)strtoul(words[2], NULL, 10);
  int listener = listen_at(words[1]), epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1");
  watch(epoll, listener);
  puts("ready");
  fflush(stdout);
  while (1) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, -1) < 0) fail("epoll_wait");
    if (event.data.fd != listener) {
      if (!serve(event.data.fd, size)) close(event.data.fd);
      continue;
    }
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) fail("accept4");
    held = 0;
    watch(epoll, client);
  }
}
