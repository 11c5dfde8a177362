/* SPDX-License-Identifier: MIT */
/* How much memory the process holds. */
#ifndef TESTS_SUPPORT_RESIDENT_H
#define TESTS_SUPPORT_RESIDENT_H

#include "check.h"

#include <stddef.h>
#include <stdio.h>

static inline size_t statm_bytes(int column) {
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    size_t pages[2];
    CHECK(fscanf(file, "%zu %zu", &pages[0], &pages[1]) == 2);
    fclose(file);
    return pages[column] * (size_t)sysconf(_SC_PAGESIZE);
}

static inline size_t mapped_bytes(void) {
    return statm_bytes(0);
}

static inline size_t resident_bytes(void) {
    return statm_bytes(1);
}

#endif
