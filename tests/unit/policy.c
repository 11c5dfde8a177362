/* SPDX-License-Identifier: MIT */
/* What a pool does when it is empty: grow, fail, or go to the heap; and its limit. */
#include "unit.h"

enum { N_MAX = 3000 };

static void *objects[N_MAX];

/* Exactly `cap` objects come; one more is refused; one put makes room for one. */
static void check_cap(const struct mempool_options *options, size_t cap) {
    struct mempool *pool = pool_of_options(options);
    for (int round = 0; round < 3; round++) {
        get_all(pool, objects, cap);
        assert_refused(mempool_get(pool), ENOMEM);
        assert_refused(mempool_get0(pool), ENOMEM);
        mempool_put(objects[cap / 2]);
        objects[cap / 2] = mempool_get(pool);
        assert_non_null(objects[cap / 2]);
        assert_refused(mempool_get(pool), ENOMEM);
        struct mempool_stats stats = pool_stats(pool);
        assert_int_equal(stats.hot + stats.curr_stdalloc, cap);
        assert_int_equal(stats.refused, 3 * ((uint64_t)round + 1));
        assert_int_equal(stats.alloc_count, (cap + 1) * ((uint64_t)round + 1));
        put_all(objects, cap);
    }
    assert_int_equal(mempool_destroy(pool), 0);
}

static void limits_are_exact(void **state) {
    (void)state;
    static const size_t caps[] = {1, 2, 3, 15, 16, 17, 63, 64, 65, 1000, N_MAX};
    static const size_t sizes[] = {1, 64, 1500, 12120};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            size_t cap = caps[i], size = sizes[j];
            check_cap(&POOL_OPTIONS(.object_bytes = size, .limit = cap), cap);
            check_cap(&POOL_OPTIONS(.object_bytes = size, .limit = cap, .count = cap / 2), cap);
            check_cap(&POOL_OPTIONS(.object_bytes = size, .limit = cap, .flags = MEMPOOL_UNCACHED),
                      cap);
            check_cap(&POOL_OPTIONS(.object_bytes = size, .count = cap, .on_empty = MEMPOOL_FAIL),
                      cap);
            check_cap(&POOL_OPTIONS(.object_bytes = size, .count = cap / 2, .limit = cap,
                                    .on_empty = MEMPOOL_FAIL),
                      cap);
        }
    }
}

static void heap_pools_have_limits_too(void **state) {
    (void)state;
    check_cap(&POOL_OPTIONS(.object_bytes = 64, .count = 10, .limit = 25, .on_empty = MEMPOOL_HEAP),
              25);
    check_cap(&POOL_OPTIONS(.object_bytes = 64, .count = 10, .limit = 10, .on_empty = MEMPOOL_HEAP),
              10);
    check_cap(&POOL_OPTIONS(.object_bytes = 64, .limit = 5, .on_empty = MEMPOOL_HEAP), 5);
}

static void limit_with_large_objects(void **state) {
    (void)state;
    check_cap(&POOL_OPTIONS(.object_bytes = MEMPOOL_OBJECT_BYTES_MAX, .limit = 3), 3);
}

static void fail_counts_misses(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 64, .count = 4, .on_empty = MEMPOOL_FAIL));
    assert_int_equal(pool_stats(pool).cold, 4);
    get_all(pool, objects, 4);
    assert_int_equal(pool_stats(pool).pool_misses, 0);
    for (int i = 0; i < 5; i++) {
        assert_null(mempool_get(pool));
    }
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.pool_misses, 5);
    assert_int_equal(stats.refused, 5);
    assert_int_equal(stats.cold, 0);
    put_all(objects, 4);
    assert_int_equal(pool_stats(pool).cold, 4);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void grow_goes_beyond_count(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .count = 10));
    get_all(pool, objects, 10);
    assert_int_equal(pool_stats(pool).pool_misses, 0);
    get_all(pool, objects + 10, N_MAX - 10);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.hot, N_MAX);
    assert_int_equal(stats.pool_misses, N_MAX - 10);
    assert_int_equal(stats.refused, 0);
    put_all(objects, N_MAX);
    assert_int_equal(mempool_destroy(pool), 0);
}

/* The first `count` come from slots, the rest from malloc; a free slot is preferred again. */
static void heap_begins_where_count_ends(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 100, .align = 64, .count = 8, .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, 20);
    for (size_t i = 0; i < 20; i++) {
        struct mempool_description description = address_description(objects[i]);
        assert_int_equal(description.state, MEMPOOL_STATE_LIVE);
        assert_int_equal(description.heap, i >= 8);
        assert_ptr_equal(description.pool, pool);
        assert_ptr_equal(mempool_of(objects[i]), pool);
        assert_int_equal((uintptr_t)objects[i] % 64, 0);
        memset(objects[i], 0xff, 100);
    }
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.hot, 8);
    assert_int_equal(stats.cold, 0);
    assert_int_equal(stats.curr_stdalloc, 12);
    assert_int_equal(stats.alloc_count, 20);
    assert_int_equal(stats.pool_misses, 12);
    assert_int_equal(stats.max_alloc, 8);
    put_all(objects + 8, 12);
    mempool_put(objects[3]);
    objects[3] = mempool_get(pool);
    assert_int_equal(address_description(objects[3]).heap, 0);
    stats = pool_stats(pool);
    assert_int_equal(stats.curr_stdalloc, 0);
    assert_int_equal(stats.max_stdalloc, 12);
    assert_int_equal(stats.put_count, 13);
    put_all(objects, 8);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void heap_without_count_is_all_heap(void **state) {
    (void)state;
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, 1000);
    assert_int_equal(pool_stats(pool).hot, 0);
    assert_int_equal(pool_stats(pool).curr_stdalloc, 1000);
    mempool_put_bulk(objects, 500);
    assert_int_equal(pool_stats(pool).curr_stdalloc, 500);
    assert_int_equal(pool_stats(pool).max_stdalloc, 1000);
    put_all(objects + 500, 500);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void heap_objects_can_be_zeroed(void **state) {
    (void)state;
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = 333, .on_empty = MEMPOOL_HEAP));
    static const char zeroes[333];
    for (int round = 0; round < 50; round++) {
        void *object = mempool_get0(pool);
        assert_memory_equal(object, zeroes, sizeof zeroes);
        memset(object, 0xee, sizeof zeroes);
        mempool_put(object);
    }
    assert_int_equal(mempool_destroy(pool), 0);
}

/* A put has to tell heap objects of the pool from everyone else's malloc-ed memory. */
static void heap_pool_refuses_foreign_blocks(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    struct mempool *pool =
        pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, 100);
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    for (int i = 0; i < 100; i++) {
        char *block = malloc(64);
        mempool_put(block);
        block[0] = 1;
        free(block);
    }
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_before + 100);
    assert_int_equal(pool_stats(pool).curr_stdalloc, 100);
    put_all(objects, 100);
    assert_int_equal(mempool_destroy(pool), 0);
    mempool_misuse_sink_set(2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(heap_pools_have_limits_too),
        cmocka_unit_test(limit_with_large_objects),
        cmocka_unit_test(fail_counts_misses),
        cmocka_unit_test(grow_goes_beyond_count),
        cmocka_unit_test(heap_begins_where_count_ends),
        cmocka_unit_test(heap_without_count_is_all_heap),
        cmocka_unit_test(heap_objects_can_be_zeroed),
        cmocka_unit_test(heap_pool_refuses_foreign_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
