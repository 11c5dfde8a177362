/* SPDX-License-Identifier: MIT */
/* Signal handlers get and put on the pools whose gets and puts they interrupt, also each other's.
 * They work or are refused as reentered; nothing hangs or has two owners; the books are exact. */
#include "check.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/time.h>

enum { N_WORKERS = 3, N_POOLS = 4, N_SHARED = 8, HELD_MAX = 30, HANG_SECONDS = 100 };

static const size_t object_bytes[N_POOLS] = {64, 64, 1000, 40};
static struct mempool *pools[N_POOLS];
static void *_Atomic shared[N_SHARED];
static atomic_size_t n_workers_done, n_steps_done;
static size_t n_steps;

/* What one worker and the handlers on its thread have done; handlers nest: they add atomically. */
struct worker {
    pthread_t thread;
    struct rng rng;
    atomic_uint_fast64_t handler_state; /* of the handlers' own random numbers */
    atomic_uint_fast64_t n_got, n_put, n_handled, n_reentered_gets;
    void *held[HELD_MAX];
    size_t n_held;
};

static struct worker workers[N_WORKERS];
static __thread struct worker *self; /* set before the thread lets signals in */

static void add(atomic_uint_fast64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void put_object(void *object) {
    stamp_take(object);
    mempool_put(object);
    add(&self->n_put);
}

/* Get, and either put at once or leave it for another thread and put what lies there. */
static void handle(int signal_number) {
    int error_before = errno;
    (void)signal_number;
    struct rng rng = {atomic_fetch_add_explicit(&self->handler_state, 1, memory_order_relaxed)};
    size_t pool_idx = rng_below(&rng, N_POOLS);
    add(&self->n_handled);
    errno = 0;
    void *object = mempool_get(pools[pool_idx]);
    if (object == NULL) {
        CHECK(errno == EAGAIN || (errno == ENOMEM && pool_idx == 1));
        if (errno == EAGAIN) {
            add(&self->n_reentered_gets);
        }
    } else {
        add(&self->n_got);
        stamp_set(object, pool_idx);
        if (rng_chance(&rng, 50)) {
            void *_Atomic *place = &shared[rng_below(&rng, N_SHARED)];
            object = atomic_exchange_explicit(place, object, memory_order_acq_rel);
        }
        if (object != NULL) {
            put_object(object);
        }
    }
    errno = error_before;
}

static void step(struct worker *worker) {
    size_t pool_idx = rng_below(&worker->rng, N_POOLS);
    if (worker->n_held < HELD_MAX && rng_chance(&worker->rng, 50)) {
        errno = 0;
        void *object = mempool_get(pools[pool_idx]);
        CHECK(object != NULL || (errno == ENOMEM && pool_idx == 1));
        if (object != NULL) {
            add(&worker->n_got);
            stamp_set(object, pool_idx);
            worker->held[worker->n_held++] = object;
        }
    } else if (worker->n_held > 0) {
        put_object(worker->held[--worker->n_held]);
    } else if (rng_chance(&worker->rng, 1)) {
        mempool_thread_flush();
    }
}

static void set_signals(int how) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGALRM);
    CHECK(pthread_sigmask(how, &signals, NULL) == 0);
}

static void *work(void *argument) {
    self = argument;
    set_signals(SIG_UNBLOCK);
    for (size_t i = 0; i < n_steps; i++) {
        step(self);
        if (i % 16 == 0) {
            atomic_fetch_add_explicit(&n_steps_done, 1, memory_order_relaxed);
        }
    }
    set_signals(SIG_BLOCK);
    while (self->n_held > 0) {
        put_object(self->held[--self->n_held]);
    }
    atomic_fetch_add_explicit(&n_workers_done, 1, memory_order_release);
    return NULL;
}

/* Signals as fast as they go, until the workers are done; the timer's hit any of them. Where
 * handlers take so long that nothing is left to interrupt, the workers get a rest. */
static void storm(void) {
    struct itimerval interval = {{0, 200}, {0, 200}}, none = {0};
    size_t steps_before = 0;
    time_t deadline = time(NULL) + HANG_SECONDS * (test_runtime_is_plain() ? 1 : 6);
    CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0);
    for (size_t i = 0; atomic_load_explicit(&n_workers_done, memory_order_acquire) < N_WORKERS;
         i++) {
        pthread_kill(workers[i % N_WORKERS].thread, i % 2 == 0 ? SIGUSR1 : SIGUSR2);
        if (i % 64 == 0) {
            size_t steps = atomic_load_explicit(&n_steps_done, memory_order_relaxed);
            if (steps == steps_before) {
                sleep_ms(1);
            }
            steps_before = steps;
            CHECK(time(NULL) < deadline);
        }
    }
    CHECK(setitimer(ITIMER_REAL, &none, NULL) == 0);
}

static int put_left_over(void *object, const struct mempool_description *description,
                         void *n_left_over) {
    (void)description;
    mempool_put(object);
    ++*(uint64_t *)n_left_over;
    return 0;
}

/* The books: refused puts are the only reason for objects to be left over. */
static void check_end(void) {
    uint64_t n_got = 0, n_put = 0, n_reentered_gets = 0, n_handled = 0, n_left_over = 0;
    uint64_t n_got_counted = 0, n_put_counted = 0;
    uint64_t n_reentered = mempool_misuse_count(MEMPOOL_MISUSE_REENTERED);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_reentered);
    for (size_t i = 0; i < N_WORKERS; i++) {
        n_got += workers[i].n_got;
        n_put += workers[i].n_put;
        n_reentered_gets += workers[i].n_reentered_gets;
        n_handled += workers[i].n_handled;
    }
    for (size_t i = 0; i < N_SHARED; i++) {
        if (shared[i] != NULL) {
            stamp_take(shared[i]);
            mempool_put(shared[i]);
            n_put++;
        }
    }
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_stats stats = pool_stats(pools[i]);
        n_got_counted += stats.alloc_count;
        n_put_counted += stats.put_count;
        CHECK_EQUAL(stats.alloc_count - stats.put_count, stats.hot);
        mempool_walk(pools[i], put_left_over, &n_left_over);
        CHECK_EQUAL(pool_stats(pools[i]).hot, 0);
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    printf("%llu handlers ran; refused: %llu gets, %llu puts\n", (unsigned long long)n_handled,
           (unsigned long long)n_reentered_gets, (unsigned long long)n_left_over);
    CHECK_EQUAL(n_put, n_got);
    CHECK_EQUAL(n_got_counted, n_got);
    CHECK_EQUAL(n_put_counted, n_put - n_left_over);
    CHECK_EQUAL(n_reentered, n_reentered_gets + n_left_over);
    CHECK(n_handled >= test_scaled(1000)); /* else nothing was tested */
}

int main(void) {
    uint64_t seed = rng_seed();
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    n_steps = test_scaled(4000000);
    mempool_misuse_sink_set(-1);
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of_options(&POOL_OPTIONS(.object_bytes = object_bytes[i],
                                                 .limit = i == 1 ? 50 : 0,
                                                 .flags = i == 3 ? MEMPOOL_UNCACHED : 0));
    }
    set_signals(SIG_BLOCK);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    for (size_t i = 0; i < N_WORKERS; i++) {
        workers[i].rng.state = seed + i;
        workers[i].handler_state = rng_next(&workers[i].rng);
        workers[i].thread = thread_start(work, &workers[i]);
    }
    storm();
    for (size_t i = 0; i < N_WORKERS; i++) {
        thread_join(workers[i].thread);
    }
    check_end();
    return 0;
}
