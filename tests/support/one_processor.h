/* SPDX-License-Identifier: MIT */
/* Staying on one processor. For programs that are compiled with _GNU_SOURCE. */
#ifndef TESTS_SUPPORT_ONE_PROCESSOR_H
#define TESTS_SUPPORT_ONE_PROCESSOR_H

#include "check.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

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

#endif
