// SPDX-License-Identifier: Apache-2.0
//
// Mounting, for short-lived commands: any of these may block for as long as a disk or a server does.

#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(int result) { return result < 0 ? -errno : result; }

int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const char *data) {
  return answer(mount(source, target, type, flags, data));
}

int clinux_unmount(const char *path) { return answer(umount2(path, UMOUNT_NOFOLLOW)); }

bool clinux_is_bare(const char *folder) {
  struct statx status;
  bool known = statx(AT_FDCWD, folder, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &status) == 0 &&
               status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT;  // Linux 5.8
  if (!known || status.stx_attributes & STATX_ATTR_MOUNT_ROOT) return false;
  DIR *entries = opendir(folder);
  if (!entries) return false;
  int count = 0;
  while (count <= 2 && readdir(entries)) count++;
  closedir(entries);
  return count == 2;  // itself and the one above
}

int clinux_remount_bind(const char *target, unsigned long flags) {
  struct statvfs now;
  if (statvfs(target, &now) < 0) return -errno;
  unsigned long locked = 0;
  if (now.f_flag & ST_NOSUID) locked |= MS_NOSUID;
  if (now.f_flag & ST_NODEV) locked |= MS_NODEV;
  if (now.f_flag & ST_NOEXEC) locked |= MS_NOEXEC;
  if (now.f_flag & ST_RDONLY) locked |= MS_RDONLY;
  if (now.f_flag & ST_NODIRATIME) locked |= MS_NODIRATIME;
  // Of the modes of atime one at most may be given.
  if (!(flags & (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)))
    locked |= now.f_flag & ST_NOATIME ? MS_NOATIME : now.f_flag & ST_RELATIME ? MS_RELATIME : 0;
  return answer(mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | flags | locked, NULL));
}

// Name by name: each link is read and none is followed by the kernel, and the folders above stay open, so
// that `..` leads back the way we came, wherever they are moved meanwhile.
static int open_below(int root, const char *path) {
  enum { depth_limit = 128, link_limit = 40 };
  int way[depth_limit] = {root}, depth = 1, links = 0, result = 0;
  char rest[PATH_MAX], name[NAME_MAX + 1], target[PATH_MAX];
  if (strlen(path) >= sizeof rest) return -ENAMETOOLONG;
  char *next = strcpy(rest, path);
  while (result == 0) {
    next += strspn(next, "/");
    size_t length = strcspn(next, "/");
    if (length == 0) break;
    if (length > NAME_MAX || depth == depth_limit) { result = -ENAMETOOLONG; break; }
    memcpy(name, next, length);
    name[length] = 0;
    next += length;
    if (strcmp(name, ".") == 0) continue;
    if (strcmp(name, "..") == 0) {
      if (depth > 1) close(way[--depth]);
      continue;
    }
    struct stat status;
    struct statfs system;
    int found = openat(way[depth - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (found < 0 || fstat(found, &status) < 0) { result = -errno; break; }
    if (!S_ISLNK(status.st_mode)) { way[depth++] = found; continue; }
    // Those of /proc lead elsewhere than they say.
    bool is_magic = fstatfs(found, &system) < 0 || system.f_type == PROC_SUPER_MAGIC;
    ssize_t count = readlinkat(found, "", target, sizeof target);
    close(found);
    if (count <= 0 || is_magic || ++links > link_limit) { result = -ELOOP; break; }
    if ((size_t)count + strlen(next) >= sizeof rest) { result = -ENAMETOOLONG; break; }
    memmove(rest + count, next, strlen(next) + 1);
    next = memcpy(rest, target, (size_t)count);
    while (target[0] == '/' && depth > 1) close(way[--depth]);
  }
  if (result == 0) result = answer(fcntl(way[depth - 1], F_DUPFD_CLOEXEC, 0));
  while (depth > 1) close(way[--depth]);
  return result;
}

int clinux_open_root(const char *root, const char *path) {
  enum { in_root = 0x10, no_magiclinks = 0x02 };  // RESOLVE_*: openat2(2), whose header clashes
  struct { uint64_t flags, mode, resolve; } how = {O_PATH | O_CLOEXEC, 0, in_root | no_magiclinks};
  int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -errno;
  int result = answer((int)syscall(SYS_openat2, folder, path, &how, sizeof how));
  // Linux 5.6, and no sandbox.
  if (result == -ENOSYS || result == -EPERM) result = open_below(folder, path);
  close(folder);
  return result;
}

// LOOP_CONFIGURE came with Linux 5.8: before, these two did the same.
static int configure_loop(int device, const struct loop_config *config) {
  if (ioctl(device, LOOP_CONFIGURE, config) == 0) return 0;
  if (errno != EINVAL && errno != ENOTTY && errno != ENOSYS && errno != EPERM) return -errno;
  if (ioctl(device, LOOP_SET_FD, config->fd) < 0) return -errno;
  if (ioctl(device, LOOP_SET_STATUS64, &config->info) == 0) return 0;
  int error = errno;
  ioctl(device, LOOP_CLR_FD, 0);
  return -error;
}

int clinux_attach_loop(const char *file, bool read_only, char *device, size_t size) {
  enum { attempts = 100 };
  int backing = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (backing < 0) return -errno;
  int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  int result = answer(control);
  for (int i = 0; control >= 0 && i < attempts; i++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) { result = -errno; break; }
    snprintf(device, size, "/dev/loop%d", number);
    result = answer(open(device, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (result < 0) break;
    struct loop_config config = {.fd = (uint32_t)backing};
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0);
    strncpy((char *)config.info.lo_file_name, file, LO_NAME_SIZE - 1);
    int error = -configure_loop(result, &config);
    if (error == 0) break;
    close(result);
    result = -error;
    if (error != EBUSY) break;  // else another was faster: the next one
  }
  if (control >= 0) close(control);
  close(backing);
  return result;
}

static int sleep_in_namespace(void *ready) {
  (void)ready;
  for (;;) pause();
}

static int write_file(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  int result = write(file, text, strlen(text)) < 0 ? -errno : 0;
  close(file);
  return result;
}

int clinux_open_user_namespace(const char *uid_map, const char *gid_map) {
  static char stack[16 * 1024] __attribute__((aligned(16)));
  pid_t pid = clone(sleep_in_namespace, stack + sizeof stack, CLONE_NEWUSER | SIGCHLD, NULL);
  if (pid < 0) return -errno;
  int result = write_file(pid, "uid_map", uid_map);
  if (result == 0) result = write_file(pid, "gid_map", gid_map);
  if (result == 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    result = answer(open(path, O_RDONLY | O_CLOEXEC));
  }
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
  return result;
}

int clinux_open_mapped_tree(const char *path, bool recursive, int user_namespace) {
  unsigned deep = recursive ? AT_RECURSIVE : 0;
  int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | deep);
  if (tree < 0) return -errno;
  struct mount_attr attributes = {
      .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
  if (mount_setattr(tree, "", AT_EMPTY_PATH | deep, &attributes, sizeof attributes) == 0)
    return tree;
  int error = errno;
  close(tree);
  return -error;
}

int clinux_attach_tree(int tree, int place) {
  return answer(move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}
