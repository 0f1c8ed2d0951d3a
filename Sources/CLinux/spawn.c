// SPDX-License-Identifier: Apache-2.0
//
// clone(CLONE_VM | CLONE_PIDFD): the child borrows our memory until it has executed its program, so
// that nothing is copied. Unlike after vfork(2) we go on meanwhile: the program may have to be read from a
// slow disk. So the child has a stack and a request of its own, in a block that stays until the kernel
// says that the child has left our memory (CLONE_CHILD_CLEARTID), and makes raw system calls only.
// posix_spawn of glibc 2.36 waits, has neither pidfd nor PDEATHSIG, and leaves signals 32 and 33 ignored.

#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

enum { stack_size = 32 * 1024 };

// A child that has not left our memory, as far as anybody has looked. Its own copy of the request lies
// behind it, its stack at the end of the block.
struct clinux_birth {
  size_t size;  // of the block
  struct clinux_spawn request;
  pid_t parent;
  pid_t in_our_memory;  // its pid, and 0 once it has left
  int error;
  struct clinux_birth *next;  // among those that nobody asks for any more
};

static struct clinux_birth *forgotten;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // tests spawn on several threads

// -- The request's copy -------------------------------------------------------------------------

static size_t strings_size(char *const *strings) {
  size_t size = sizeof *strings;
  for (; *strings; strings++) size += sizeof *strings + strlen(*strings) + 1;
  return size;
}

static char *const *copy_strings(char *const *strings, char **room) {
  size_t count = 0;
  while (strings[count]) count++;
  char **copies = (char **)*room;
  *room += (count + 1) * sizeof *copies;
  for (size_t i = 0; i < count; i++) {
    size_t size = strlen(strings[i]) + 1;
    copies[i] = memcpy(*room, strings[i], size);
    *room += size;
  }
  copies[count] = NULL;
  uintptr_t odd = (uintptr_t)*room % sizeof *copies;
  if (odd) *room += sizeof *copies - odd;
  return copies;
}

static struct clinux_birth *make_birth(const struct clinux_spawn *request) {
  size_t descriptors_size = (request->descriptor_count + 2) * sizeof(int);  // an even number of them
  size_t size = sizeof(struct clinux_birth) + strings_size(request->paths) +
                strings_size(request->argv) + strings_size(request->envp) + descriptors_size +
                4 * sizeof(void *) + stack_size;
  size = (size + 4095) & ~(size_t)4095;
  struct clinux_birth *birth =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (birth == MAP_FAILED) return NULL;
  *birth = (struct clinux_birth){.size = size, .request = *request, .parent = getpid()};
  char *room = (char *)(birth + 1);
  birth->request.paths = copy_strings(request->paths, &room);
  birth->request.argv = copy_strings(request->argv, &room);
  birth->request.envp = copy_strings(request->envp, &room);
  birth->request.descriptors =
      memcpy(room, request->descriptors, request->descriptor_count * sizeof(int));
  return birth;
}

// -- Its end ------------------------------------------------------------------------------------

static bool has_left(struct clinux_birth *birth) {
  return __atomic_load_n(&birth->in_our_memory, __ATOMIC_ACQUIRE) == 0;
}

void clinux_end_births(void) {
  pthread_mutex_lock(&lock);
  for (struct clinux_birth **place = &forgotten; *place;) {
    struct clinux_birth *birth = *place;
    if (has_left(birth)) {
      *place = birth->next;
      munmap(birth, birth->size);
    } else {
      place = &birth->next;
    }
  }
  pthread_mutex_unlock(&lock);
}

void clinux_forget_birth(struct clinux_birth *birth) {
  pthread_mutex_lock(&lock);
  birth->next = forgotten;
  forgotten = birth;
  pthread_mutex_unlock(&lock);
  clinux_end_births();
}

int clinux_birth_error(const struct clinux_birth *birth) {
  return __atomic_load_n(&birth->error, __ATOMIC_ACQUIRE);
}

// -- The child ----------------------------------------------------------------------------------

static int begin(void *argument) {
  struct clinux_birth *birth = argument;
  int error = clinux_child_execute(&birth->request, birth->parent);
  __atomic_store_n(&birth->error, error, __ATOMIC_RELEASE);
  clinux_child_exit(127);
}

pid_t clinux_spawn(const struct clinux_spawn *request, int *pidfd, struct clinux_birth **result) {
  clinux_end_births();
  struct clinux_birth *birth = make_birth(request);
  if (!birth) return -ENOMEM;
  // No handler of ours may run in the child while it is in our memory.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  // Also until the child has been given a number: it must not seem to have left.
  birth->in_our_memory = -1;
  *pidfd = -1;  // as it stays before Linux 5.2
  int flags = CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | SIGCHLD;
  if (request->waits) flags |= CLONE_VFORK;
  pid_t pid = clone(begin, (char *)birth + birth->size, flags, birth, pidfd, NULL,
                    &birth->in_our_memory);
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) {
    munmap(birth, birth->size);
    return -error;
  }
  // Before Linux 5.2 clone takes no notice of CLONE_PIDFD.
  if (*pidfd < 0) *pidfd = clinux_open_process(pid);
  if (*pidfd < 0) {
    kill(pid, SIGKILL);  // it is reaped like a stranger
    clinux_forget_birth(birth);
    return *pidfd;
  }
  *result = birth;
  return pid;
}

// A plain fork: the copy may take its time. With one thread all of it is as usable as before.
pid_t clinux_fork(const struct clinux_spawn *request, int *pidfd) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = _Fork();
  if (pid == 0) {
    if (clinux_child_set_up(request, parent) < 0) _exit(127);
    clinux_child_unblock_signals();
    return 0;
  }
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) return -error;
  // Nobody has reaped it: the pid is its own.
  *pidfd = clinux_open_process(pid);
  if (*pidfd >= 0) return pid;
  error = -*pidfd;
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  return -error;
}
