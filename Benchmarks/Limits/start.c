// SPDX-License-Identifier: Apache-2.0
//
// The job of a shim's `start`, and nothing besides: finds the group, makes the socket, starts a daemon
// that listens there, leaves the address in the bundle and prints it. The daemon takes one connection
// and ends with it.

#include <fcntl.h>
#include <sha256.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FOLDER "/run/containerd/s"

extern char **environ;

static void expect(int holds, const char *what) {
  if (holds) return;
  perror(what);
  exit(1);
}

static int serve(void) {
  struct sockaddr_un name;
  socklen_t length = sizeof name;
  char byte;
  alarm(30);  // nobody came
  int client = accept(3, NULL, NULL);
  while (client >= 0 && read(client, &byte, 1) > 0) {}
  if (getsockname(3, (struct sockaddr *)&name, &length) == 0) unlink(name.sun_path);
  return 0;
}

/// The value of an annotation in the spec, or else the id.
static const char *group(const char *id) {
  static char text[1 << 20], value[256];
  int spec = open("config.json", O_RDONLY | O_CLOEXEC);
  expect(spec >= 0 && read(spec, text, sizeof text - 1) > 0, "config.json");
  close(spec);
  const char *key = strstr(text, "\"io.containerd.runc.v2.group\"");
  return key && sscanf(key, "%*[^:]: \"%255[^\"]\"", value) == 1 ? value : id;
}

static void write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  expect(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
  close(file);
}

static int listen_at(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
  expect(mkdir(FOLDER, 0700) == 0 || access(FOLDER, X_OK) == 0, FOLDER);
  int folder = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  expect(folder >= 0 && flock(folder, LOCK_EX) == 0, FOLDER);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  expect(bind(listener, (struct sockaddr *)&name, sizeof name) == 0, path);
  expect(listen(listener, 128) == 0, path);
  close(folder);
  return listener;
}

static pid_t start_daemon(char *program, int listener) {
  char verb[] = "daemon", *arguments[] = {program, verb, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t pid;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, listener, 3);
  for (int number = 0; number < 3; number++)
    posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  expect(!posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environ), "daemon");
  return pid;
}

/// One more than our parent's.
static void raise_oom_score(pid_t pid) {
  char path[64], score[16] = {0};
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", getppid());
  int file = open(path, O_RDONLY | O_CLOEXEC);
  expect(file >= 0 && read(file, score, sizeof score - 1) > 0, path);
  close(file);
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  snprintf(score, sizeof score, "%d", atoi(score) + 1);
  write_file(path, score);
}

int main(int count, char **arguments) {
  if (count == 2 && !strcmp(arguments[1], "daemon")) return serve();
  const char *space = "", *id = "", *address = "";
  for (int at = 1; at + 1 < count; at++) {
    if (!strcmp(arguments[at], "-namespace")) space = arguments[at + 1];
    if (!strcmp(arguments[at], "-id")) id = arguments[at + 1];
    if (!strcmp(arguments[at], "-address")) address = arguments[at + 1];
  }
  char name[4096], digest[SHA256_DIGEST_STRING_LENGTH], url[128] = "unix://";
  snprintf(name, sizeof name, "%s/%s/%s", address, space, group(id));
  SHA256Data((const unsigned char *)name, strlen(name), digest);
  snprintf(url + 7, sizeof url - 7, FOLDER "/%s", digest);
  int listener = listen_at(url + 7);
  write_file("address.new", url);
  expect(rename("address.new", "address") == 0, "address");
  raise_oom_score(start_daemon(arguments[0], listener));
  return printf("%s", url) < 0;
}
