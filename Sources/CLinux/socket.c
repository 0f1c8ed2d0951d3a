// SPDX-License-Identifier: Apache-2.0

#include "CLinux.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { path_limit = 106 };  // what containerd's own shims allow (pkg/shim/util_unix.go)

// A non-blocking socket and the address of a path.
static int open_socket(const char *path, struct sockaddr_un *address) {
  size_t length = strlen(path);
  if (length == 0) return -EINVAL;
  if (length > path_limit) return -ENAMETOOLONG;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, length);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return descriptor < 0 ? -errno : descriptor;
}

static int close_with_errno(int descriptor) {
  int error = errno;
  close(descriptor);
  return -error;
}

int clinux_listen(const char *path, int backlog) {
  struct sockaddr_un address;
  int descriptor = open_socket(path, &address);
  if (descriptor < 0) return descriptor;
  // bind gives the file the mode of the socket's inode: no moment with a wider one.
  if (fchmod(descriptor, 0600) < 0 ||
      bind(descriptor, (const struct sockaddr *)&address, sizeof address) < 0)
    return close_with_errno(descriptor);
  if (listen(descriptor, backlog) < 0) {
    int result = close_with_errno(descriptor);
    unlink(path);
    return result;
  }
  return descriptor;
}

int clinux_connect(const char *path) {
  struct sockaddr_un address;
  int descriptor = open_socket(path, &address);
  if (descriptor < 0) return descriptor;
  if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) < 0)
    return close_with_errno(descriptor);
  return descriptor;
}

int clinux_accept(int listener) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

int clinux_socket_path(int socket, char *path, size_t size) {
  struct sockaddr_un address = {0};
  socklen_t length = sizeof address;
  if (getsockname(socket, (struct sockaddr *)&address, &length) < 0) return -errno;
  size_t count = strnlen(address.sun_path, sizeof address.sun_path);
  if (address.sun_family != AF_UNIX || count == 0) return -EINVAL;
  if (count >= size) return -ENAMETOOLONG;
  memcpy(path, address.sun_path, count);
  path[count] = 0;
  return 0;
}

int clinux_open_socket_file(int socket) {
  enum { open_file = SIOCPROTOPRIVATE };  // SIOCUNIXFILE of linux/un.h, which clashes with sys/un.h
  int descriptor = ioctl(socket, open_file);
  return descriptor < 0 ? -errno : descriptor;
}

int clinux_socket_pair(int *one, int *other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
  *one = ends[0];
  *other = ends[1];
  return 0;
}

int clinux_receive_descriptor(int socket) {
  char name[4096];  // runc sends the terminal's name beside it
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
  struct iovec bytes = {name, sizeof name};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0) return -errno;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return -ENOMSG;
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

int clinux_peer(int socket, struct clinux_peer *peer) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) return -errno;
  *peer = (struct clinux_peer){credentials.pid, credentials.uid, credentials.gid};
  return 0;
}
