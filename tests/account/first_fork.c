/* SPDX-License-Identifier: MIT */
/* A fork while another thread makes the books: the child finds their locks free. Once for each
 * process: so each try is in a child of its own. */
#include "check.h"

#include "threads.h"

#include <mempool/account.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 400, SECONDS = 20, SPINS = 100 };

static atomic_bool may_begin;

static void *make_the_books(void *unused) {
    while (!atomic_load(&may_begin)) {
    }
    mempool_free(mempool_malloc(16, "first"));
    return unused;
}

/* In a process that has pools, and no books. */
static void try_once(int n) {
    struct mempool *pool = mempool_create_typed(64, 16, "pool", 0);
    mempool_put(mempool_get(pool));
    pthread_t thread = thread_start(make_the_books, NULL);
    atomic_store(&may_begin, true);
    for (volatile int i = 0; i < n * SPINS; i++) {
    }
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(SECONDS);
        mempool_free(mempool_malloc(16, "second"));
        /* Not by exit: a sanitizer would miss the thread that only the parent can join. */
        (void)kill(getpid(), SIGTERM);
    }
    thread_join(thread);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
          WTERMSIG(status) == SIGTERM);
    _exit(0);
}

int main(void) {
    watchdog_set(280);
    for (int i = 0; i < TRIES; i++) {
        int status;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            try_once(i);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return 0;
}
