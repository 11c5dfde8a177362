/* SPDX-License-Identifier: MIT */
/* A file for a test's recording, which goes with the test. */
#ifndef TESTS_RECORD_TEMPORARY_H
#define TESTS_RECORD_TEMPORARY_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static char temporary_path[64];

static inline void temporary_remove(void) {
    unlink(temporary_path);
}

/* Open for writing; its name is temporary_path. */
static inline int temporary_file(void) {
    snprintf(temporary_path, sizeof temporary_path, "/tmp/mempool-test-XXXXXX");
    int fd = mkstemp(temporary_path);
    CHECK(fd >= 0);
    atexit(temporary_remove);
    return fd;
}

#endif
