// SPDX-License-Identifier: Apache-2.0
//
// What Swift cannot import from Linux and glibc, one function per purpose. A call answers a value
// >= 0, or -errno. Every descriptor made here is close-on-exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// -- spawn.c: the one way this program makes a child -------------------------------------------

struct clinux_spawn {
  char *const *paths;       // executables, of which the first that is there is taken; ends in NULL
  char *const *argv;
  char *const *envp;
  int *descriptors;         // what the child gets as 0, 1, 2, …; -1 is /dev/null; the rest is closed
  size_t descriptor_count;
  int death_signal;         // sent to the child when we die; 0: none
  bool own_group;           // a process group of its own
  bool waits;               // comes back when the program is executed, or has failed to be: for commands
  uint64_t open_files_soft; // RLIMIT_NOFILE of the child, as far as our own allows
  uint64_t open_files_hard;
};

// Begins a child and answers its pid, before it has executed its program. Signals are unblocked and have
// their default actions in it. Stores a pidfd (-1 before Linux 5.2), and what is to be asked for the
// child's failure and then forgotten. A child that can execute nothing exits with 127.
struct clinux_birth;
pid_t clinux_spawn(const struct clinux_spawn *request, int *pidfd, struct clinux_birth **birth);
// Why no program could be executed, known before the child's descriptors are closed; 0: none, or not yet.
int clinux_birth_error(const struct clinux_birth *birth);
// To be called once; what it takes goes back when the child has left our memory.
void clinux_forget_birth(struct clinux_birth *birth);
// Gives back what children that were forgotten do not need any more.
void clinux_end_births(void);

// Makes a copy of this process with these descriptors, signals and limits, which executes nothing: in
// it the answer is 0. Stores a pidfd and answers the pid here.
pid_t clinux_fork(const struct clinux_spawn *request, int *pidfd);

// -- logfile.c: a process that writes a file, which this executable becomes before its main ------

enum clinux_log_event {
  clinux_log_opened,        // or not: the error says why
  clinux_log_loses,         // from now on, for this error
  clinux_log_writes_again,  // after so much was dropped
  clinux_log_ended,         // its inputs have
};
// What it tells (bytes).
struct clinux_log_report { uint32_t event; int32_t error; uint64_t written, dropped; };

// -- process.c ----------------------------------------------------------------------------------

int clinux_become_subreaper(void);
int clinux_name_process(const char *name);
// A session of our own, whose controlling terminal is descriptor 0.
int clinux_take_terminal(void);
// A core-scheduling cookie of its own for this process group (see prctl(2), PR_SCHED_CORE).
int clinux_schedule_core_for_group(void);
// Freed blocks go back to the kernel from 64 KiB on: a shim lives for months after one big request.
void clinux_return_large_blocks(void);
// All free pages of the heap and the stack go back to the kernel now.
void clinux_return_free_memory(void);
// wait4 without blocking: the pid, 0 when no child has ended, -ECHILD without children.
// *status is the exit code, or 128 + the signal.
pid_t clinux_reap(uint32_t *status);
// What means a process and never a later one of the same pid: a pidfd, or something that serves as one
// where the kernel lacks or forbids those. For the next three functions only.
int clinux_open_process(pid_t pid);
int clinux_signal_process(int descriptor, int signal);
// 1 when the process is a child of ours that has not been reaped, running or not; else 0.
int clinux_is_child(int descriptor);
// Ends a child of ours that has not been reaped, for want of a descriptor of it.
int clinux_kill_child(pid_t pid);
// 1 when it has exited, 0 when the time is over (-1: never). Blocks.
int clinux_wait_for_process(int descriptor, int milliseconds);
// No signal that somebody sends ends or stops this process, but TERM and INT, KILL and STOP. A fault of
// our own still does: the kernel then takes no notice of what is ignored, nor does abort.
void clinux_ignore_stray_signals(void);
// Blocks the signals for this process and delivers them through a descriptor.
int clinux_open_signals(const int *signals, size_t count);
// The next signal's number, -EAGAIN when there is none.
int clinux_read_signal(int descriptor);

// Tells by a signal, again and again, that a name in a folder was removed or changed (fcntl(2), F_NOTIFY),
// until the folder's descriptor is closed. Unlike inotify it has no limit for a user.
int clinux_watch_names(int folder, int signal);

// Unmounts lazily (MNT_DETACH); a link at the path is not followed.
int clinux_detach_mount(const char *path);

// -- mount.c: for commands, for all of these may block -----------------------------------------------

int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const char *data);
// Without MNT_DETACH: -EBUSY while it is used, -EINVAL for what is no mount point.
int clinux_unmount(const char *path);
// Whether a folder is empty and no mount point; false when that cannot be told.
bool clinux_is_bare(const char *folder);
// Adds flags to those a bind mount has: the kernel refuses to drop those that are locked.
int clinux_remount_bind(const char *target, unsigned long flags);
// O_PATH: a path below a root, out of which no link and no `..` leads.
int clinux_open_root(const char *root, const char *path);
// A loop device of a file, which ends with its last user. Answers a descriptor of it, which keeps it
// until it is mounted, and stores its path.
int clinux_attach_loop(const char *file, bool read_only, char *device, size_t size);
// A user namespace with these maps: lines of `inside outside count`.
int clinux_open_user_namespace(const char *uid_map, const char *gid_map);
// A copy of the mount at a path whose owners are mapped (Linux 5.12), attached nowhere yet.
int clinux_open_mapped_tree(const char *path, bool recursive, int user_namespace);
// Onto the folder that a descriptor (O_PATH) means.
int clinux_attach_tree(int tree, int place);

// -- slots.c: malloc, realloc and free for whoever keeps small blocks for ever ----

void *clinux_slot_malloc(size_t size);
void *clinux_slot_realloc(void *block, size_t size);
void clinux_slot_free(void *block);

// -- stream.c -----------------------------------------------------------------------------------

// O_PATH: a file's place, whatever it is; nothing is opened in the sense of a FIFO or device.
int clinux_open_place(const char *path);
// A file that lies in memory and has no name in any folder.
int clinux_memory_file(const char *name);
int clinux_pipe(int *read_end, int *write_end);
int clinux_pipe_capacity(int pipe);
int clinux_set_pipe_capacity(int pipe, int bytes);
// Bytes ready to be read.
int clinux_readable_bytes(int descriptor);
// Moves pages from pipe to pipe, without blocking. 0: the input has ended.
ssize_t clinux_splice(int input, int output, size_t bytes);
int clinux_set_nonblocking(int descriptor);
int clinux_duplicate(int descriptor);
int clinux_set_window(int terminal, uint16_t columns, uint16_t rows);
// A new terminal: stores the master, answers the other end, which is nobody's controlling terminal.
int clinux_open_terminal(int *master);
int clinux_set_close_on_exec(int descriptor);
// A one-shot timer finer than libevent's milliseconds.
int clinux_open_timer(void);
int clinux_set_timer(int timer, uint64_t nanoseconds);

// The out-of-memory events of a folder of the controller `memory` (cgroups version 1): an eventfd.
int clinux_open_oom_events(const char *folder);

// -- socket.c -----------------------------------------------------------------------------------

// -ENAMETOOLONG over 106 bytes. The socket's mode is 0600 whatever the umask.
int clinux_listen(const char *path, int backlog);
// Non-blocking: -EAGAIN when the listener's backlog is full (it lives), -ECONNREFUSED when dead.
int clinux_connect(const char *path);
int clinux_accept(int listener);
// The path a socket is bound to, with its NUL; `size` is that of the buffer.
int clinux_socket_path(int socket, char *path, size_t size);
// O_PATH: the file that a socket was bound to, whatever has its name now (needs CAP_NET_ADMIN).
int clinux_open_socket_file(int socket);
// Two sockets that are connected to each other, both blocking.
int clinux_socket_pair(int *one, int *other);
// A descriptor that somebody sends over a socket (SCM_RIGHTS); -ENOMSG when none comes with the bytes.
int clinux_receive_descriptor(int socket);
struct clinux_peer { pid_t pid; uid_t uid; gid_t gid; };
int clinux_peer(int socket, struct clinux_peer *peer);

#endif
