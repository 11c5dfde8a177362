/* SPDX-License-Identifier: MIT */
/* CHECK: a test's claim. A false one prints itself and ends the process with status 1. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* Meson's exit status for "this test cannot run here". */
enum { TEST_SKIPPED = 77 };

/* Not abort(): programs that expect the library to abort must not take a failed check for it. */
_Noreturn static inline void check_failed(const char *file, int line, const char *claim) {
    fflush(stdout);
    dprintf(STDERR_FILENO, "%s:%d: check failed: %s\n", file, line, claim);
    _exit(1);
}

static inline void check_equal(const char *file, int line, const char *claim, uint64_t left,
                               uint64_t right) {
    if (left != right) {
        fflush(stdout);
        dprintf(STDERR_FILENO, "%s:%d: check failed: %s: %llu and %llu\n", file, line, claim,
                (unsigned long long)left, (unsigned long long)right);
        _exit(1);
    }
}

_Noreturn static inline void test_skip(const char *reason) {
    dprintf(STDOUT_FILENO, "skipped: %s\n", reason);
    _exit(TEST_SKIPPED);
}

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
/* Both sides as unsigned 64-bit numbers, which a failure prints. */
#define CHECK_EQUAL(left, right)                                                                  \
    check_equal(__FILE__, __LINE__, #left " == " #right, (uint64_t)(left), (uint64_t)(right))

#endif
