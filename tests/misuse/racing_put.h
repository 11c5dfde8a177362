/* SPDX-License-Identifier: MIT */
/* The race of racing_put.c and racing_put_uncached.c; RACING_FLAGS are the pool's flags. */
#ifndef TESTS_MISUSE_RACING_PUT_H
#define TESTS_MISUSE_RACING_PUT_H

#include "misuse.h"
#include "scale.h"

#include <sched.h>
#include <stdatomic.h>

enum { N_DRAINED = 3000 };

static size_t n_rounds;
static struct mempool *racing_pool;
static void *_Atomic raced_object;
static atomic_size_t n_arrived; /* two for each round begun, two for each ended */
static void *drained[2][N_DRAINED];

/* Both threads leave at nearly the same time: they spin. */
static void meet(size_t nth) {
    atomic_fetch_add_explicit(&n_arrived, 1, memory_order_acq_rel);
    for (unsigned spins = 1; atomic_load_explicit(&n_arrived, memory_order_acquire) < 2 * nth;
         spins++) {
        if (spins % 1024 == 0) {
            sched_yield();
        }
    }
}

/* Get from every place where a duplicate may lie, and keep what was got. */
static void *racer(void *argument) {
    size_t self = *(size_t *)argument;
    for (size_t round = 0; round < n_rounds; round++) {
        if (self == 0) {
            atomic_store_explicit(&raced_object, mempool_get(racing_pool), memory_order_release);
        }
        meet(3 * round + 1);
        void *object = atomic_load_explicit(&raced_object, memory_order_acquire);
        meet(3 * round + 2);
        PUT_MISUSED(object);
        meet(3 * round + 3);
    }
    if (self == 1) { /* after the other thread: gets that race are another matter */
        meet(3 * n_rounds + 1);
    }
    for (size_t i = 0; i < N_DRAINED; i++) {
        drained[self][i] = mempool_get(racing_pool);
        CHECK(drained[self][i] != NULL);
    }
    if (self == 0) {
        meet(3 * n_rounds + 1);
    }
    return NULL;
}

static int compare_pointers(const void *left, const void *right) {
    const char *const *a = left, *const *b = right;
    return (*a > *b) - (*a < *b);
}

/* Race, then have many objects live at once: each must be another one. */
static void race(void) {
    static size_t names[2] = {0, 1};
    n_rounds = test_scaled(30000);
    mempool_misuse_sink_set(-1);
    racing_pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .flags = RACING_FLAGS));
    void *keeps_slab = mempool_get(racing_pool);
    pthread_t other = thread_start(racer, &names[1]);
    racer(&names[0]);
    thread_join(other);
    struct mempool_stats stats = pool_stats(racing_pool);
    CHECK_EQUAL(stats.hot, 2 * N_DRAINED + 1);
    CHECK(stats.max_alloc >= stats.hot && stats.max_alloc <= stats.hot + stats.cold);
    qsort(drained, 2 * N_DRAINED, sizeof(void *), compare_pointers);
    void **sorted = &drained[0][0];
    for (size_t i = 1; i < 2 * N_DRAINED; i++) {
        CHECK(sorted[i] != sorted[i - 1]);
    }
    mempool_put(keeps_slab);
    mempool_put_bulk(sorted, 2 * N_DRAINED);
    CHECK_EQUAL(mempool_destroy(racing_pool), 0);
}

#endif
