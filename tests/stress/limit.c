/* SPDX-License-Identifier: MIT */
/* The limit is exact under threads: never one live object more, and never a refusal while fewer are
 * live, even when every free one lies in the cache of a thread that does nothing. */
#include "check.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { N_THREADS = 4, N_SWAPPED = 8, CAP_MAX = 1000 };

static struct mempool *pool;
static size_t cap, n_steps;
static uint64_t seed;
static atomic_size_t n_live, n_refused;
static void *_Atomic swapped[N_SWAPPED];

/* ---- each thread keeps to its share: no get may ever be refused ---------------------------- */

static void *keep_to_share(void *argument) {
    struct rng rng = {seed + (uintptr_t)argument};
    size_t share = (cap - N_SWAPPED) / N_THREADS, n_held = 0;
    void *held[CAP_MAX];
    for (size_t i = 0; i < n_steps; i++) {
        unsigned dice = (unsigned)rng_below(&rng, 10);
        if (dice < 5 && n_held < share) {
            held[n_held] = mempool_get(pool);
            CHECK(held[n_held] != NULL);
            stamp_set(held[n_held++], 0);
        } else if (dice < 8 && n_held > 0) {
            stamp_take(held[--n_held]);
            mempool_put(held[n_held]);
        } else if (n_held > 0) { /* one for one, so that others put what this thread got */
            void *_Atomic *place = &swapped[rng_below(&rng, N_SWAPPED)];
            held[n_held - 1] =
                atomic_exchange_explicit(place, held[n_held - 1], memory_order_acq_rel);
        }
    }
    while (n_held > 0) {
        stamp_take(held[--n_held]);
        mempool_put(held[n_held]);
    }
    return NULL;
}

static void run_on_threads(void *(*run)(void *)) {
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(run, (void *)(uintptr_t)i);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
}

static void check_shares(void) {
    for (size_t i = 0; i < N_SWAPPED; i++) {
        swapped[i] = mempool_get(pool);
        CHECK(swapped[i] != NULL);
        stamp_set(swapped[i], 0);
    }
    run_on_threads(keep_to_share);
    for (size_t i = 0; i < N_SWAPPED; i++) {
        stamp_take(swapped[i]);
        mempool_put(swapped[i]);
    }
    CHECK_EQUAL(pool_stats(pool).refused, 0);
    CHECK_EQUAL(pool_live(pool), 0);
}

/* ---- all threads want everything: the limit holds ------------------------------------------ */

static void *want_all(void *argument) {
    struct rng rng = {seed + (uintptr_t)argument};
    void *held[CAP_MAX];
    size_t n_held = 0;
    for (size_t i = 0; i < n_steps; i++) {
        if (n_held == 0 || (n_held < cap && rng_chance(&rng, 70))) {
            errno = 0;
            void *object = mempool_get(pool);
            if (object == NULL) {
                CHECK(errno == ENOMEM);
                atomic_fetch_add_explicit(&n_refused, 1, memory_order_relaxed);
            } else {
                /* Counted after the get and before the put: at most what is really live. */
                CHECK(atomic_fetch_add_explicit(&n_live, 1, memory_order_acq_rel) < cap);
                stamp_set(object, 0);
                held[n_held++] = object;
            }
        }
        for (size_t n = rng_chance(&rng, 20) ? rng_below(&rng, n_held + 1) : 0; n > 0; n--) {
            stamp_take(held[--n_held]);
            atomic_fetch_sub_explicit(&n_live, 1, memory_order_acq_rel);
            mempool_put(held[n_held]);
        }
    }
    while (n_held > 0) {
        stamp_take(held[--n_held]);
        atomic_fetch_sub_explicit(&n_live, 1, memory_order_acq_rel);
        mempool_put(held[n_held]);
    }
    return NULL;
}

static void check_crowd(void) {
    atomic_store_explicit(&n_refused, 0, memory_order_relaxed);
    run_on_threads(want_all);
    CHECK_EQUAL(pool_stats(pool).refused, atomic_load_explicit(&n_refused, memory_order_relaxed));
    CHECK(pool_stats(pool).max_alloc + pool_stats(pool).max_stdalloc <= cap
          || pool_stats(pool).max_stdalloc > 0);
    CHECK_EQUAL(pool_live(pool), 0);
}

/* ---- idle threads cache all that is free ---------------------------------------------------- */

static sem_t is_idle, may_end;

static void *cache_and_idle(void *unused) {
    void *objects[CAP_MAX];
    CHECK_EQUAL(mempool_get_bulk(pool, objects, cap), cap);
    for (size_t i = 0; i < cap; i++) {
        mempool_put(objects[i]);
    }
    CHECK(sem_post(&is_idle) == 0 && sem_wait(&may_end) == 0);
    return unused;
}

static void check_idle_caches(void) {
    void *objects[CAP_MAX];
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) { /* one after the other: each finds all of them free */
        threads[i] = thread_start(cache_and_idle, NULL);
        CHECK(sem_wait(&is_idle) == 0);
    }
    for (size_t i = 0; i < cap; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
        stamp_set(objects[i], i);
    }
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == ENOMEM);
    for (size_t i = 0; i < cap; i++) {
        CHECK_EQUAL(stamp_take(objects[i]), i);
        mempool_put(objects[i]);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        CHECK(sem_post(&may_end) == 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK_EQUAL(pool_live(pool), 0);
}

static void check_limited(const struct mempool_options *options, size_t wanted_cap) {
    cap = wanted_cap;
    pool = pool_of_options(options);
    check_idle_caches();
    CHECK_EQUAL(mempool_destroy(pool), 0);
    pool = pool_of_options(options);
    if (cap >= N_SWAPPED + N_THREADS) {
        check_shares();
    }
    check_crowd();
    check_idle_caches();
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

int main(void) {
    static const size_t caps[] = {1, 3, 12, 64, CAP_MAX};
    static const size_t sizes[] = {64, 12120};
    seed = rng_seed();
    n_steps = test_scaled(40000);
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    CHECK(sem_init(&is_idle, 0, 0) == 0 && sem_init(&may_end, 0, 0) == 0);
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            size_t n = caps[i], size = sizes[j];
            check_limited(&POOL_OPTIONS(.object_bytes = size, .limit = n), n);
            check_limited(
                &POOL_OPTIONS(.object_bytes = size, .count = n, .on_empty = MEMPOOL_FAIL), n);
            check_limited(
                &POOL_OPTIONS(.object_bytes = size, .limit = n, .flags = MEMPOOL_UNCACHED), n);
            check_limited(&POOL_OPTIONS(.object_bytes = size, .count = n / 2, .limit = n,
                                        .on_empty = MEMPOOL_HEAP),
                          n);
        }
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
