/* SPDX-License-Identifier: MIT */
/* mempool_stats: each counter of one pool. */
#include "unit.h"

#include "threads.h"

#include <semaphore.h>

enum { N_OBJECTS = 1000 };

static void *objects[N_OBJECTS];

static void fresh_pool(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 70, .align = 32, .count = 5, .limit = 5000));
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.struct_size, sizeof stats);
    assert_string_equal(stats.name, "test:thing");
    assert_int_equal(stats.object_bytes, 70);
    assert_int_equal(stats.padded_bytes, 96);
    assert_int_equal(stats.count, 5);
    assert_int_equal(stats.limit, 5000);
    assert_true(stats.cold >= 5);
    assert_int_equal(stats.hot + stats.alloc_count + stats.put_count + stats.pool_misses, 0);
    assert_int_equal(stats.max_alloc + stats.refused + stats.misuses, 0);
    assert_int_equal(stats.curr_stdalloc + stats.max_stdalloc, 0);
    assert_int_equal(stats.cached + stats.caches, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void counters_follow_use(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, 400);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.hot, 600);
    assert_int_equal(stats.alloc_count, N_OBJECTS);
    assert_int_equal(stats.put_count, 400);
    check_max_alloc(&stats, N_OBJECTS);
    assert_true(stats.cold >= 400);
    assert_true(stats.cached + stats.depot <= stats.cold);
    assert_int_equal(stats.caches, 1);
    assert_true(stats.cached > 0);
    assert_true(stats.slabs > 0 && stats.slab_bytes >= (stats.hot + stats.cold) * 64);
    get_all(pool, objects, 200);
    stats = pool_stats(pool);
    assert_int_equal(stats.hot, 800);
    check_max_alloc(&stats, N_OBJECTS);
    assert_int_equal(stats.alloc_count, N_OBJECTS + 200);
    put_all(objects, 200);
    put_all(objects + 400, 600);
    assert_int_equal(pool_stats(pool).hot, 0);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void padding_is_least(void **state) {
    (void)state;
    static const struct {
        size_t object_bytes, align, padded_bytes;
    } cases[] = {{1, 0, 16},     {16, 0, 16},    {17, 0, 32},      {64, 0, 64},
                 {65, 64, 128},  {100, 8, 112},  {12120, 0, 12128}, {1, 4096, 4096},
                 {4097, 4096, 8192}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mempool *pool = pool_of_options(
            &POOL_OPTIONS(.object_bytes = cases[i].object_bytes, .align = cases[i].align));
        assert_int_equal(pool_stats(pool).padded_bytes, cases[i].padded_bytes);
        assert_int_equal(mempool_destroy(pool), 0);
    }
}

static void misuses_are_counted_per_pool(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(64), *other = pool_of(64);
    void *object = mempool_get(pool);
    for (int i = 0; i < 4; i++) {
        mempool_put(object);
    }
    assert_int_equal(pool_stats(pool).misuses, 3);
    assert_int_equal(pool_stats(pool).put_count, 1);
    assert_int_equal(pool_stats(other).misuses, 0);
    assert_int_equal(mempool_destroy(pool) + mempool_destroy(other), 0);
    mempool_misuse_sink_set(2);
}

static void uncached_pools_cache_nothing(void **state) {
    (void)state;
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .flags = MEMPOOL_UNCACHED));
    get_all(pool, objects, N_OBJECTS);
    mempool_put_bulk(objects, N_OBJECTS / 2);
    put_all(objects + N_OBJECTS / 2, N_OBJECTS / 2);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.cached, 0);
    assert_int_equal(stats.hot, 0);
    assert_int_equal(stats.alloc_count, N_OBJECTS);
    assert_int_equal(stats.put_count, N_OBJECTS);
    assert_int_equal(mempool_destroy(pool), 0);
}

static sem_t is_warm, may_end;

static void *warm_a_cache(void *pool) {
    void *object = mempool_get(pool);
    mempool_put(object);
    sem_post(&is_warm);
    sem_wait(&may_end);
    return NULL;
}

static void each_thread_has_a_cache(void **state) {
    (void)state;
    enum { N_THREADS = 3 }; /* of more, some may use their processors' */
    sem_init(&is_warm, 0, 0);
    sem_init(&may_end, 0, 0);
    struct mempool *pool = pool_of(64);
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(warm_a_cache, pool);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        sem_wait(&is_warm);
    }
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.caches, N_THREADS);
    assert_true(stats.cached >= N_THREADS);
    assert_int_equal(stats.alloc_count, N_THREADS);
    for (size_t i = 0; i < N_THREADS; i++) {
        sem_post(&may_end);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    stats = pool_stats(pool);
    assert_int_equal(stats.caches, 0);
    assert_int_equal(stats.cached, 0);
    assert_int_equal(stats.alloc_count, N_THREADS); /* what an ended thread counted stays */
    assert_int_equal(stats.put_count, N_THREADS);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void bad_arguments(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    struct mempool_stats stats, before;
    assert_int_equal(mempool_stats(pool, NULL), -EINVAL);
    memset(&stats, 0xab, sizeof stats);
    stats.struct_size = sizeof stats;
    before = stats;
    assert_int_equal(mempool_stats(NULL, &stats), -EINVAL);
    assert_memory_equal(&stats, &before, sizeof stats);
    static const size_t bad[] = {0, 1, sizeof(size_t), sizeof(size_t) + MEMPOOL_NAME_BYTES / 2};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        stats.struct_size = before.struct_size = bad[i];
        assert_int_equal(mempool_stats(pool, &stats), -EINVAL);
        assert_memory_equal(&stats, &before, sizeof stats);
    }
    stats.struct_size = sizeof stats;
    assert_int_equal(mempool_destroy(pool), 0);
    assert_int_equal(mempool_stats(pool, &stats), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_pool),
        cmocka_unit_test(counters_follow_use),
        cmocka_unit_test(padding_is_least),
        cmocka_unit_test(misuses_are_counted_per_pool),
        cmocka_unit_test(uncached_pools_cache_nothing),
        cmocka_unit_test(each_thread_has_a_cache),
        cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
