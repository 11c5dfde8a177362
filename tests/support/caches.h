/* SPDX-License-Identifier: MIT */
/* Whose caches a program's threads use: MEMPOOL_CACHES as the tests' lists set it. */
#ifndef TESTS_SUPPORT_CACHES_H
#define TESTS_SUPPORT_CACHES_H

#include "check.h"

#include <sched.h>
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

/* On one processor from now on, this thread and those that it starts. */
static inline void stay_on_one_processor(void) {
    cpu_set_t allowed, one;
    size_t processor = 0;
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    while (!CPU_ISSET(processor, &allowed)) {
        processor++;
    }
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

/* What a thread alone does is counted exactly, as long as it uses one cache: so it must not move
 * to another processor where that one's would be used. */
static inline void caches_stay(void) {
    const char *text = getenv("MEMPOOL_CACHES");
    if (text != NULL && strcmp(text, "processor") == 0) {
        stay_on_one_processor();
    }
}

/* How many caches of one pool there may be with nobody's thread but the caller's. */
static inline size_t caches_of_one_thread(void) {
    return caches_are_of_threads() ? 1 : 1 + 2 * (size_t)sysconf(_SC_NPROCESSORS_CONF);
}

#endif
