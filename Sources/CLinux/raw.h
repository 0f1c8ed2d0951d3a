// SPDX-License-Identifier: Apache-2.0
//
// System calls without glibc, which would write errno: a child that borrows our memory has our errno.
// The answer is the kernel's: a value >= 0, or -errno.
#ifndef CLINUX_RAW_H
#define CLINUX_RAW_H

#if defined(__x86_64__)

static inline long raw_call(long number, long a, long b, long c, long d) {
  register long fourth __asm__("r10") = d;
  long answer;
  __asm__ volatile("syscall"
                   : "=a"(answer)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return answer;
}

#elif defined(__aarch64__)

static inline long raw_call(long number, long a, long b, long c, long d) {
  register long call __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  __asm__ volatile("svc #0"
                   : "+r"(first)
                   : "r"(call), "r"(second), "r"(third), "r"(fourth)
                   : "memory");
  return first;
}

#else
#error "a child's system calls are written for x86-64 and aarch64"
#endif

#endif
