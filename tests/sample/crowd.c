/* SPDX-License-Identifier: MIT */
/* Threads get, hand over, put, allocate and free while sampling is turned on, off and to other
 * means, and others look: at the end no sample is left, and none was of what is not live. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "rng.h"
#include "samples.h"
#include "scale.h"
#include "threads.h"

#include <mempool/observe.h>

#include <stdatomic.h>

enum { N_WORKERS = 4, N_SHARED = 64, N_STEPS = 300000, POOL_BYTES_HERE = 100 };

static struct mempool *pool;
static void *_Atomic shared[2][N_SHARED]; /* objects, blocks */
static atomic_bool is_over;

static void give(bool is_block, void *what) {
    if (is_block) {
        mempool_free(what);
    } else {
        mempool_put(what);
    }
}

static void *work(void *argument) {
    struct rng rng = {.state = (uintptr_t)argument};
    size_t n = test_scaled(N_STEPS);
    for (size_t i = 0; i < n; i++) {
        bool is_block = rng_chance(&rng, 50);
        void *own = is_block ? mempool_malloc(1 + rng_below(&rng, 3000), "crowd")
                             : mempool_get(pool);
        CHECK(own != NULL);
        if (is_block && rng_chance(&rng, 10)) {
            own = mempool_realloc(own, 1 + rng_below(&rng, 3000));
            CHECK(own != NULL);
        }
        void *_Atomic *place = &shared[is_block][rng_below(&rng, N_SHARED)];
        void *other = atomic_exchange_explicit(place, own, memory_order_acq_rel);
        if (other != NULL) {
            give(is_block, other);
        }
    }
    return NULL;
}

static void *look(void *unused) {
    (void)unused;
    struct rng rng = {.state = 7};
    size_t n = 0;
    while (!atomic_load_explicit(&is_over, memory_order_acquire)) {
        static const size_t means[] = {1, 0, 1000, 100, 100000};
        CHECK_EQUAL(mempool_sample_stacks(means[n++ % 5]), 0);
        struct mempool_description description = {.struct_size = sizeof description};
        for (int i = 0; i < 100; i++) {
            (void)mempool_describe(
                atomic_load_explicit(&shared[0][rng_below(&rng, N_SHARED)], memory_order_acquire),
                &description);
        }
    }
    return NULL;
}

static void nothing_is_left(void **state) {
    (void)state;
    pthread_t workers[N_WORKERS];
    assert_int_equal(mempool_sample_stacks(100), 0);
    pool = pool_of(POOL_BYTES_HERE);
    pthread_t looker = thread_start(look, NULL);
    for (uintptr_t i = 0; i < N_WORKERS; i++) {
        workers[i] = thread_start(work, (void *)(i + 1)); /* NOLINT: a number */
    }
    for (size_t i = 0; i < N_WORKERS; i++) {
        thread_join(workers[i]);
    }
    atomic_store_explicit(&is_over, true, memory_order_release);
    thread_join(looker);
    samples_check();
    assert_true(load_relaxed(&samples_table()->taken) > 0);
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < N_SHARED; i++) {
            void *own = atomic_load_explicit(&shared[kind][i], memory_order_acquire);
            if (own != NULL) {
                give(kind == 1, own);
            }
        }
    }
    samples_check_none();
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    assert_int_equal(account_of(mempool_component_process(), "crowd").live_blocks, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
