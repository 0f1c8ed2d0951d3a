// SPDX-License-Identifier: Apache-2.0
//
// What a child does before it executes its program, perhaps in its parent's memory (spawn.c). The
// answers are the kernel's: -errno for a failure.
#ifndef CLINUX_CHILD_H
#define CLINUX_CHILD_H

#include "CLinux.h"

// All but signals and the program.
long clinux_child_set_up(const struct clinux_spawn *request, pid_t parent);
void clinux_child_unblock_signals(void);
// Comes back with an errno.
int clinux_child_execute(const struct clinux_spawn *request, pid_t parent);
_Noreturn void clinux_child_exit(int code);

#endif
