// SPDX-License-Identifier: Apache-2.0
//
// libevent's core as Swift sees it. <sys/types.h> comes first: event2/event-config.h defines
// _GNU_SOURCE, and as the first header of a module that makes fd_set clash with Swift's Glibc.
#include <sys/types.h>

#include <event2/event.h>
