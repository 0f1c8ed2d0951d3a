// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer (llvm.org/docs/LibFuzzer.html), which `-sanitize=fuzzer` links.
#include <stddef.h>
#include <stdint.h>

// Calls back with one input after the other, as the flags in argv say. Answers the exit code.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
