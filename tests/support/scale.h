/* SPDX-License-Identifier: MIT */
/* How much work a test does: less where a tool watches each memory access. */
#ifndef TESTS_SUPPORT_SCALE_H
#define TESTS_SUPPORT_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_HAS_ASAN 1
#elif __has_feature(thread_sanitizer)
#define TEST_HAS_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TEST_HAS_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define TEST_HAS_TSAN 1
#endif
#ifndef TEST_HAS_ASAN
#define TEST_HAS_ASAN 0
#endif
#ifndef TEST_HAS_TSAN
#define TEST_HAS_TSAN 0
#endif

enum test_runtime {
    TEST_RUNTIME_PLAIN,
    TEST_RUNTIME_ASAN,
    TEST_RUNTIME_TSAN,
    TEST_RUNTIME_VALGRIND,
};

static inline enum test_runtime test_runtime(void) {
    if (TEST_HAS_ASAN) {
        return TEST_RUNTIME_ASAN;
    }
    if (TEST_HAS_TSAN) {
        return TEST_RUNTIME_TSAN;
    }
    /* Valgrind preloads its replacement of malloc into the program that it runs. */
    const char *preload = getenv("LD_PRELOAD");
    return preload != NULL && strstr(preload, "vgpreload") != NULL ? TEST_RUNTIME_VALGRIND
                                                                   : TEST_RUNTIME_PLAIN;
}

/* Whether memory and time of this process are those of the bare program. */
static inline bool test_runtime_is_plain(void) {
    return test_runtime() == TEST_RUNTIME_PLAIN;
}

/* Whether a child of a fork beside busy threads can use malloc, and what they had of it is no leak
 * there. gcc 12's AddressSanitizer leaves its own locks as other threads had them, and hangs;
 * valgrind calls lost what only a thread that is gone pointed to. */
static inline bool test_malloc_is_whole_after_fork(void) {
    return test_runtime() != TEST_RUNTIME_ASAN && test_runtime() != TEST_RUNTIME_VALGRIND;
}

/* A count of rounds for this run: `plain` on the bare machine, a share of it under a tool, times
 * the number in MEMPOOL_TEST_SCALE where that is set (0.1, 10); at least 1. */
static inline size_t test_scaled(size_t plain) {
    static const double share[] = {
        [TEST_RUNTIME_PLAIN] = 1.0,
        [TEST_RUNTIME_ASAN] = 0.2,
        [TEST_RUNTIME_TSAN] = 0.1,
        [TEST_RUNTIME_VALGRIND] = 0.02,
    };
    const char *setting = getenv("MEMPOOL_TEST_SCALE");
    double wanted = setting != NULL ? strtod(setting, NULL) : 1.0;
    double rounds = (double)plain * share[test_runtime()] * (wanted > 0.0 ? wanted : 1.0);
    return rounds < 1.0 ? 1 : (size_t)rounds;
}

#endif
