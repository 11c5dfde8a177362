/* SPDX-License-Identifier: MIT */
/* Whose caches a program's threads use: MEMPOOL_CACHES as the tests' lists set it. */
#ifndef TESTS_SUPPORT_CACHES_H
#define TESTS_SUPPORT_CACHES_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Their own for certain, so that what they cache is given back at their end. Else it may be that of
 * the processors, which outlives them. */
static inline bool caches_are_of_threads(void) {
    const char *text = getenv("MEMPOOL_CACHES");
    return text != NULL && strcmp(text, "thread") == 0;
}

/* How many caches of one pool there may be with nobody's thread but the caller's. */
static inline size_t caches_of_one_thread(void) {
    return caches_are_of_threads() ? 1 : 1 + 2 * (size_t)sysconf(_SC_NPROCESSORS_CONF);
}

#endif
