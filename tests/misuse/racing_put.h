/* SPDX-License-Identifier: MIT */
/* The race of racing_put.c and racing_put_uncached.c; RACING_FLAGS are the pool's flags. */
#ifndef TESTS_MISUSE_RACING_PUT_H
#define TESTS_MISUSE_RACING_PUT_H

#include "misuse.h"
#include "scale.h"

#include <sched.h>
#include <stdatomic.h>

enum { N_DRAINED = 3000 };

static size_t n_rounds, n_two_owners;
static struct mempool *racing_pool;
static void *_Atomic raced_object;
static void *_Atomic got_next[2];
static atomic_size_t n_arrived; /* two for each meeting */
static void *drained[2][N_DRAINED];

/* Both threads leave at nearly the same time: they spin. */
static void meet(size_t *nth) {
    ++*nth;
    atomic_fetch_add_explicit(&n_arrived, 1, memory_order_acq_rel);
    for (unsigned spins = 1; atomic_load_explicit(&n_arrived, memory_order_acquire) < 2 * *nth;
         spins++) {
        if (spins % 1024 == 0) {
            sched_yield();
        }
    }
}

/* Each round: one of the two gets, both put that object, both get again. Who gets alternates, so
 * that each of them is sometimes the one whose object it is. What both got then is put by its
 * getter, every third time by the other one. */
static void race_once(size_t self, size_t round, size_t *meeting) {
    if (round % 2 == self) {
        atomic_store_explicit(&raced_object, mempool_get(racing_pool), memory_order_release);
    }
    meet(meeting);
    void *object = atomic_load_explicit(&raced_object, memory_order_acquire);
    meet(meeting);
    PUT_MISUSED(object);
    meet(meeting); /* a put that came after the next get would be right */
    void *mine = mempool_get(racing_pool);
    atomic_store_explicit(&got_next[self], mine, memory_order_release);
    meet(meeting);
    if (self == 0 && mine == atomic_load_explicit(&got_next[1], memory_order_acquire)) {
        n_two_owners++;
    }
    meet(meeting);
    if (round % 3 != 0) {
        mempool_put(mine);
    } else {
        mempool_put(atomic_load_explicit(&got_next[1 - self], memory_order_acquire));
    }
    meet(meeting);
}

/* At last, get from every place where a duplicate may lie, both at once, and keep what was got. */
static void *racer(void *argument) {
    size_t self = *(size_t *)argument;
    size_t meeting = 0;
    for (size_t round = 0; round < n_rounds; round++) {
        race_once(self, round, &meeting);
    }
    meet(&meeting);
    for (size_t i = 0; i < N_DRAINED; i++) {
        drained[self][i] = mempool_get(racing_pool);
        CHECK(drained[self][i] != NULL);
    }
    return NULL;
}

static int compare_pointers(const void *left, const void *right) {
    const char *const *a = left, *const *b = right;
    return (*a > *b) - (*a < *b);
}

/* Race, then have many objects live at once: each must be another one. Each round has one put too
 * many, and each of them is reported, at the latest when all is settled. */
static void race(void) {
    static size_t names[2] = {0, 1};
    n_rounds = test_scaled(30000);
    mempool_misuse_sink_set(-1);
    racing_pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .flags = RACING_FLAGS));
    void *keeps_slab = mempool_get(racing_pool);
    pthread_t other = thread_start(racer, &names[1]);
    racer(&names[0]);
    thread_join(other);
    (void)mempool_trim(racing_pool);
    CHECK_EQUAL(n_two_owners, 0);
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
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT) +
                    mempool_misuse_count(MEMPOOL_MISUSE_RACING_PUT), n_rounds);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_rounds);
}

#endif
