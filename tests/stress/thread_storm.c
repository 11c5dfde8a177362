/* SPDX-License-Identifier: MIT */
/* Thousands of short-lived threads, each with caches of several pools: none leaves anything behind.
 *
 * Some threads get and put once more while they end, in a destructor of their own thread-specific
 * data, before or after the library's own clean-up. */
#include "caches.h"
#include "check.h"
#include "pools.h"
#include "resident.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <stdatomic.h>

enum { N_POOLS = 4, N_AT_ONCE = 16, N_OBJECTS = 40, N_LATE_ROUNDS = 4 };

static const size_t object_bytes[N_POOLS] = {32, 200, 5000, 100000};
static struct mempool *pools[N_POOLS];
static void *_Atomic left[N_AT_ONCE]; /* each thread leaves one object for a thread to come */
static pthread_key_t early_key, late_key; /* made before and after the library was first used */

/* The value counts how often the destructor wants to be called again. */
static void use_while_ending(pthread_key_t key, void *rounds_left) {
    char *rounds = rounds_left;
    void *objects[3];
    CHECK_EQUAL(mempool_get_bulk(pools[1], objects, 3), 3);
    void *object = mempool_get(pools[0]);
    CHECK(object != NULL);
    stamp_set(object, 0);
    mempool_put_bulk(objects, 3);
    CHECK_EQUAL(stamp_take(object), 0);
    mempool_put(object);
    if (rounds > (char *)1) {
        CHECK(pthread_setspecific(key, rounds - 1) == 0);
    }
}

static void end_early_key(void *rounds_left) {
    use_while_ending(early_key, rounds_left);
}

static void end_late_key(void *rounds_left) {
    use_while_ending(late_key, rounds_left);
}

static void use_pools(size_t nth) {
    void *objects[N_OBJECTS];
    for (size_t i = 0; i < N_OBJECTS; i++) {
        size_t pool_idx = (i + nth) % N_POOLS;
        objects[i] = mempool_get(pools[pool_idx]);
        CHECK(objects[i] != NULL);
        stamp_set(objects[i], pool_idx);
    }
    for (size_t i = 1; i < N_OBJECTS; i++) {
        stamp_take(objects[i]);
        mempool_put(objects[i]);
    }
    void *other = atomic_exchange_explicit(&left[nth % N_AT_ONCE], objects[0],
                                           memory_order_acq_rel);
    if (other != NULL) {
        stamp_take(other);
        mempool_put(other);
    }
}

/* The thread sanitizer's own state of a thread goes in one of the later rounds of destructors. */
static size_t n_late_rounds(void) {
    return test_runtime() == TEST_RUNTIME_TSAN ? 1 : N_LATE_ROUNDS;
}

static void *live_shortly(void *argument) {
    size_t nth = (size_t)(uintptr_t)argument;
    if (nth % 3 == 0) {
        CHECK(pthread_setspecific(nth % 2 == 0 ? early_key : late_key,
                                  (void *)(uintptr_t)n_late_rounds()) == 0);
    }
    if (nth % 5 != 0) {
        use_pools(nth);
    }
    if (nth % 7 == 0) {
        mempool_thread_flush();
    }
    if (nth % 4 == 0) {
        pthread_exit(NULL);
    }
    return NULL;
}

static void run_threads(size_t n_threads) {
    for (size_t first = 0; first < n_threads; first += N_AT_ONCE) {
        pthread_t threads[N_AT_ONCE];
        for (size_t i = 0; i < N_AT_ONCE; i++) {
            threads[i] = thread_start(live_shortly, (void *)(uintptr_t)(first + i));
        }
        for (size_t i = 0; i < N_AT_ONCE; i++) {
            thread_join(threads[i]);
        }
    }
}

static void check_nothing_is_left(void) {
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        void *object = atomic_exchange_explicit(&left[i], NULL, memory_order_acq_rel);
        if (object != NULL) {
            stamp_take(object);
            mempool_put(object);
        }
    }
    mempool_thread_flush();
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_stats stats = pool_stats(pools[i]);
        CHECK_EQUAL(stats.hot, 0);
        CHECK(stats.cached == 0 || !caches_are_of_threads());
        CHECK_EQUAL(stats.alloc_count, stats.put_count);
        mempool_trim(pools[i]);
        CHECK_EQUAL(pool_stats(pools[i]).slabs, 0);
    }
}

int main(void) {
    size_t n_threads = test_scaled(20000);
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    CHECK(pthread_key_create(&early_key, end_early_key) == 0);
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(object_bytes[i]);
        mempool_put(mempool_get(pools[i]));
    }
    CHECK(pthread_key_create(&late_key, end_late_key) == 0);
    run_threads(n_threads / 10);
    check_nothing_is_left();
    size_t resident_before = resident_bytes();
    run_threads(n_threads);
    check_nothing_is_left();
    size_t resident_after = resident_bytes();
    printf("%zu threads; resident before and after: %zu and %zu bytes\n", n_threads,
           resident_before, resident_after);
    if (test_runtime_is_plain()) { /* 100 bytes a thread would show */
        CHECK(resident_after < resident_before + (2000 << 10));
    }
    for (size_t i = 0; i < N_POOLS; i++) {
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
