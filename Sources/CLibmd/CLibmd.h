// SPDX-License-Identifier: Apache-2.0
//
// libmd: SHA-256, for the names of sockets.
#include <sys/types.h>

#include <sha2.h>
