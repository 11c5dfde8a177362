/* SPDX-License-Identifier: MIT */
/* mempool_thread_flush and mempool_trim: free memory moves out of caches and back to the system. */
#include "unit.h"

#include "pattern.h"
#include "threads.h"

#include <semaphore.h>

enum { N_OBJECTS = 5000, OBJECT_BYTES = 512 };

static void *objects[N_OBJECTS];

static void flush_empties_the_own_cache(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES), *other = pool_of(48);
    get_all(pool, objects, 100);
    put_all(objects, 100);
    get_all(other, objects, 100);
    put_all(objects, 100);
    assert_true(pool_stats(pool).cached > 0 && pool_stats(other).cached > 0);
    mempool_thread_flush();
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.cached, 0);
    assert_int_equal(pool_stats(other).cached, 0);
    assert_true(stats.cold >= 100);
    assert_int_equal(stats.alloc_count, 100);
    mempool_thread_flush();
    get_all(pool, objects, 100);
    assert_int_equal(pool_stats(pool).hot, 100);
    put_all(objects, 100);
    assert_int_equal(mempool_destroy(pool) + mempool_destroy(other), 0);
}

static void trim_returns_all_that_is_free(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    assert_int_equal(mempool_trim(pool), 0);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    size_t returned_bytes = mempool_trim(pool);
    assert_true(returned_bytes >= (size_t)N_OBJECTS * OBJECT_BYTES);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.slabs, 0);
    assert_int_equal(stats.slab_bytes, 0);
    assert_int_equal(stats.cold, 0);
    assert_int_equal(stats.cached + stats.depot, 0);
    assert_int_equal(stats.alloc_count, N_OBJECTS);
    assert_int_equal(mempool_trim(pool), 0);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void trim_keeps_count_ready(void **state) {
    (void)state;
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 300));
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    assert_true(mempool_trim(pool) > 0);
    struct mempool_stats stats = pool_stats(pool);
    assert_true(stats.cold >= 300);
    assert_true(stats.cold < N_OBJECTS / 2);
    assert_int_equal(mempool_destroy(pool), 0);
}

/* Each hundredth object stays live: what lies beside them stays, the rest may go. */
static void trim_leaves_live_objects_alone(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    get_all(pool, objects, N_OBJECTS);
    qsort(objects, N_OBJECTS, sizeof objects[0], compare_addresses);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        pattern_fill(objects[i], OBJECT_BYTES, i);
    }
    for (size_t i = 0; i < N_OBJECTS; i++) {
        if (i % 1000 != 0) {
            mempool_put(objects[i]);
        }
    }
    assert_true(mempool_trim(pool) > 0);
    assert_int_equal(pool_stats(pool).hot, N_OBJECTS / 1000);
    for (size_t i = 0; i < N_OBJECTS; i += 1000) {
        assert_true(pattern_intact(objects[i], OBJECT_BYTES, i));
        mempool_put(objects[i]);
    }
    assert_true(mempool_trim(pool) > 0);
    assert_int_equal(pool_stats(pool).slabs, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void trim_null_means_every_pool(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64), *other = pool_of(3000);
    get_all(pool, objects, 1000);
    put_all(objects, 1000);
    get_all(other, objects, 1000);
    put_all(objects, 1000);
    assert_true(mempool_trim(NULL) >= (size_t)1000 * 3000 + (size_t)1000 * 64);
    assert_int_equal(pool_stats(pool).slabs + pool_stats(other).slabs, 0);
    assert_int_equal(mempool_destroy(pool) + mempool_destroy(other), 0);
}

static sem_t is_idle, may_go_on;

static void *idle_with_a_cache(void *pool) {
    void *own[100];
    CHECK(mempool_get_bulk(pool, own, 100) == 100);
    put_all(own, 100);
    sem_post(&is_idle);
    sem_wait(&may_go_on);
    /* The cache was taken away meanwhile: nothing may be lost. */
    CHECK(mempool_get_bulk(pool, own, 100) == 100);
    for (size_t i = 0; i < 100; i++) {
        pattern_fill(own[i], OBJECT_BYTES, i);
    }
    for (size_t i = 0; i < 100; i++) {
        CHECK(pattern_intact(own[i], OBJECT_BYTES, i));
    }
    put_all(own, 100);
    return NULL;
}

static void trim_drains_idle_threads(void **state) {
    (void)state;
    sem_init(&is_idle, 0, 0);
    sem_init(&may_go_on, 0, 0);
    struct mempool *pool = pool_of(OBJECT_BYTES);
    pthread_t thread = thread_start(idle_with_a_cache, pool);
    sem_wait(&is_idle);
    assert_true(pool_stats(pool).slabs > 0);
    assert_true(mempool_trim(pool) > 0);
    assert_int_equal(pool_stats(pool).cached, 0);
    assert_int_equal(pool_stats(pool).slabs, 0);
    sem_post(&may_go_on);
    thread_join(thread);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.hot, 0);
    assert_int_equal(stats.alloc_count, 200);
    assert_int_equal(stats.put_count, 200);
    assert_int_equal(mempool_destroy(pool), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flush_empties_the_own_cache),
        cmocka_unit_test(trim_returns_all_that_is_free),
        cmocka_unit_test(trim_keeps_count_ready),
        cmocka_unit_test(trim_leaves_live_objects_alone),
        cmocka_unit_test(trim_null_means_every_pool),
        cmocka_unit_test(trim_drains_idle_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
