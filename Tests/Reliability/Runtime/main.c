// SPDX-License-Identifier: Apache-2.0
//
// An OCI runtime that makes no containers: what Tests/Support/fake-runtime.sh is to faults, this is to
// numbers. It takes a millisecond where runc takes fifty. An exec's process does what its spec says:
//   "args":["exit","N"]               ends with the status N
//   "args":["stream","SEED","BYTES"]  writes so many bytes of a pattern (a multiple of 8), and ends

#include "CPattern.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root, *pid_file, *spec, *verb, *id;

static void parse(char **arguments) {
  for (; *arguments; arguments++) {
    const char *word = *arguments, **value = NULL, *ignored;
    if (!strcmp(word, "--root")) value = &root;
    else if (!strcmp(word, "--pid-file")) value = &pid_file;
    else if (!strcmp(word, "--process")) value = &spec;
    else if (!strcmp(word, "--log") || !strcmp(word, "--log-format") || !strcmp(word, "--bundle") ||
             !strcmp(word, "--resources"))
      value = &ignored;
    if (value && arguments[1]) *value = *++arguments;
    else if (word[0] != '-' && !verb) verb = word;
    else if (word[0] != '-' && !id) id = word;
  }
}

static void write_file(const char *path, int number) {
  char name[4096], text[16];
  snprintf(name, sizeof name, "%s.new", path);
  int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int length = snprintf(text, sizeof text, "%d", number);
  if (file < 0 || write(file, text, length) != length || rename(name, path)) exit(1);
  close(file);
}

static const char *state_path(void) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", root, id);
  return path;
}

static char text[64 * 1024];

/// The shim removes it when we have exited.
static void read_spec(void) {
  int file = open(spec, O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, text, sizeof text - 1) <= 0) exit(125);
  close(file);
}

static void run_spec(void) {
  char *args = strstr(text, "\"args\":[");
  unsigned long long seed, bytes;
  int status;
  if (args && sscanf(args, "\"args\":[\"exit\",\"%d\"", &status) == 1) _exit(status);
  if (!args || sscanf(args, "\"args\":[\"stream\",\"%llu\",\"%llu\"", &seed, &bytes) != 2) _exit(126);
  static char block[64 * 1024];
  uint64_t state = seed;
  while (bytes > 0) {
    size_t count = bytes < sizeof block ? bytes : sizeof block;
    pattern_fill(&state, block, count);
    for (size_t at = 0; at < count;) {
      ssize_t written = write(1, block + at, count - at);
      if (written < 0 && errno != EINTR) _exit(127);
      if (written > 0) at += written;
    }
    bytes -= count;
  }
  _exit(0);
}

/// A process that becomes the shim's when we exit.
static int make(void) {
  if (spec) read_spec();
  int pid = fork();
  if (pid < 0) return 1;
  if (pid == 0) {
    setsid();
    if (spec) run_spec();
    for (;;) pause();
  }
  write_file(pid_file, pid);
  return pid;
}

static void end(void) {
  char text[16] = {0};
  int file = open(state_path(), O_RDONLY | O_CLOEXEC);
  if (file >= 0 && read(file, text, sizeof text - 1) > 0 && atoi(text) > 1) kill(atoi(text), SIGKILL);
}

int main(int count, char **arguments) {
  (void)count;
  parse(arguments + 1);
  if (!verb || !id || !root) return 64;
  for (char *slash = (char *)root; (slash = strchr(slash + 1, '/')); *slash = '/') {
    *slash = 0;
    mkdir(root, 0700);
  }
  mkdir(root, 0700);
  if (!strcmp(verb, "create")) write_file(state_path(), make());
  else if (!strcmp(verb, "exec")) make();
  else if (!strcmp(verb, "kill")) end();
  else if (!strcmp(verb, "delete")) end(), unlink(state_path());
  return 0;
}
