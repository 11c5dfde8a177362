/* SPDX-License-Identifier: MIT */
/* A fork while another thread makes what a process makes once: the child finds the locks of that
 * free. Each try is in a process of its own. */
#ifndef TESTS_SUPPORT_FIRST_FORK_H
#define TESTS_SUPPORT_FIRST_FORK_H

#include "check.h"

#include "scale.h"
#include "threads.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FORK_TRIES = 400, FIRST_FORK_SECONDS = 20, FIRST_FORK_SPINS = 100 };

struct first_fork {
    void (*prepare)(void); /* what is there before; NULL: nothing */
    void (*make)(void);    /* in the thread beside the fork, and in the child */
    atomic_bool may_begin;
};

static inline void *first_fork_beside(void *argument) {
    struct first_fork *work = argument;
    while (!atomic_load(&work->may_begin)) {
    }
    work->make();
    return NULL;
}

/* Not by SIGALRM: who waits for a lock may have signals off. */
static inline void first_fork_await(pid_t child) {
    int status;
    for (int ms = 0; waitpid(child, &status, WNOHANG) == 0; ms++) {
        if (ms == FIRST_FORK_SECONDS * 1000) {
            (void)kill(child, SIGKILL);
        }
        usleep(1000);
    }
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static inline void first_fork_try(struct first_fork *work, int n) {
    if (work->prepare != NULL) {
        work->prepare();
    }
    pthread_t thread = thread_start(first_fork_beside, work);
    atomic_store(&work->may_begin, true);
    for (volatile int i = 0; i < n * FIRST_FORK_SPINS; i++) {
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work->make();
        /* Not by exit: a sanitizer would miss the thread that only the parent can join. */
        (void)kill(getpid(), SIGTERM);
    }
    thread_join(thread);
    first_fork_await(child);
    _exit(0);
}

static inline void first_fork_run(struct first_fork *work) {
    watchdog_set(280);
    /* Each begins a process: dear where a tool watches. */
    int step = test_runtime_is_plain() ? 1 : 8;
    for (int i = 0; i < FIRST_FORK_TRIES; i += step) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            first_fork_try(work, i);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

#endif
