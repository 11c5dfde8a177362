/* SPDX-License-Identifier: MIT */
/* The thread. */
#include "sweeper.h"

#include "original.h"

#include <mempool/mempool.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

enum {
    LOOK_SECONDS = 3,
    FEW_GETS = 1000, /* between two looks: a process at rest has its timers */
    WORTH_GETS = 10000, /* since the last trim */
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* before the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped;
/* turn */
static unsigned n_users;
static pthread_t thread;
static bool is_running;
/* lock */
static bool is_stopped;

static int add_gets(struct mempool *pool, void *sum) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    if (mempool_stats(pool, &stats) == 0) {
        *(uint64_t *)sum += stats.alloc_count;
    }
    return 0;
}

static uint64_t count_gets(void) {
    uint64_t sum = 0;
    (void)mempool_list(add_gets, &sum);
    return sum;
}

/* False: it is to end. */
static bool wait_a_while(void) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_SECONDS;
    pthread_mutex_lock(&lock);
    while (!is_stopped && pthread_cond_timedwait(&stopped, &lock, &until) != ETIMEDOUT) {
    }
    bool goes_on = !is_stopped;
    pthread_mutex_unlock(&lock);
    return goes_on;
}

static void *sweep(void *unused) {
    uint64_t trimmed = 0, before = 0;
    while (wait_a_while()) {
        uint64_t now = count_gets();
        if (now - before < FEW_GETS && now - trimmed >= WORTH_GETS) {
            (void)mempool_trim(NULL);
            trimmed = now;
        }
        before = now;
    }
    return unused;
}

/* It takes none of the process's signals. */
static void start(void) {
    sigset_t all, before;
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&stopped, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    is_stopped = false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    is_running = pthread_create(&thread, NULL, sweep, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_running) {
        (void)pthread_setname_np(thread, "memsweep"); /* as the original's */
    }
}

/* What others held or waited for is theirs no more: they are not there. */
void sweeper_child(void) {
    (void)pthread_mutex_init(&turn, NULL);
    (void)pthread_mutex_init(&lock, NULL);
    is_running = false;
}

void sweeper_init(void) {
    pthread_mutex_lock(&turn);
    if (n_users++ == 0) {
        start();
    }
    pthread_mutex_unlock(&turn);
}

static void end(void) {
    pthread_mutex_lock(&lock);
    is_stopped = true;
    (void)pthread_cond_signal(&stopped);
    pthread_mutex_unlock(&lock);
    (void)pthread_join(thread, NULL);
    is_running = false;
}

void sweeper_fini(void) {
    pthread_mutex_lock(&turn);
    if (n_users > 0 && --n_users == 0 && is_running) {
        end();
    }
    pthread_mutex_unlock(&turn);
}
