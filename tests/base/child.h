/* SPDX-License-Identifier: MIT */
/* A part of a test in a process of its own: for what can be tried only once in a process. */
#ifndef TESTS_BASE_CHILD_H
#define TESTS_BASE_CHILD_H

#include "check.h"
#include "scale.h"
#include "threads.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { CHILD_SECONDS_MAX = 240 };

/* Run `run` in a copy of this process, to its end: its exit status; 128 and the signal's number
 * where a signal ended it. `run` claims with CHECK, which ends the copy with 1. */
static inline int child_status(int (*run)(void *), void *argument) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog_set(CHILD_SECONDS_MAX);
        exit(run(argument));
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In a child: what it leaves is meant to be left; a sanitizer need not look for leaks. */
static inline void end_leaking(void) {
    if (test_runtime() == TEST_RUNTIME_ASAN) {
        fflush(NULL);
        _exit(0);
    }
}

#endif
