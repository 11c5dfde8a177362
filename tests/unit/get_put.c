/* SPDX-License-Identifier: MIT */
/* mempool_get, mempool_get0, mempool_put and the bulk forms. */
#include "unit.h"

#include "pattern.h"
#include "threads.h"

enum { N_MANY = 20000, ERRNO_BEFORE = 4711 };

static void *many[N_MANY];

static void null_pool_is_refused(void **state) {
    (void)state;
    void *objects[2];
    assert_refused(mempool_get(NULL), EINVAL);
    assert_refused(mempool_get0(NULL), EINVAL);
    assert_refused(mempool_get_bulk(NULL, objects, 2), EINVAL);
}

static void null_objects_are_ignored(void **state) {
    (void)state;
    void *objects[3] = {NULL, NULL, NULL};
    errno = ERRNO_BEFORE;
    mempool_put(NULL);
    mempool_put_bulk(objects, 3);
    mempool_put_bulk(objects, 0);
    assert_int_equal(errno, ERRNO_BEFORE);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

static void many_objects_are_distinct(void **state) {
    (void)state;
    struct mempool *pool = pool_of(48);
    get_all(pool, many, N_MANY);
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal((uintptr_t)many[i] % 16, 0);
        pattern_fill(many[i], 48, i);
    }
    for (size_t i = 0; i < N_MANY; i++) {
        assert_true(pattern_intact(many[i], 48, i));
        assert_ptr_equal(mempool_of(many[i]), pool);
    }
    put_all(many, N_MANY);
    assert_int_equal(mempool_destroy(pool), 0);
}

/* Through every path of put: cache hit, full cache, other pools' objects, bulk. */
static void put_preserves_errno(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64), *large = pool_of(100000);
    void *large_objects[20];
    get_all(pool, many, N_MANY);
    get_all(large, large_objects, 20);
    for (size_t i = 0; i < N_MANY / 2; i++) {
        errno = ERRNO_BEFORE;
        mempool_put(many[i]);
        assert_int_equal(errno, ERRNO_BEFORE);
    }
    errno = ERRNO_BEFORE;
    mempool_put_bulk(&many[N_MANY / 2], N_MANY / 2);
    mempool_put_bulk(large_objects, 20);
    assert_int_equal(errno, ERRNO_BEFORE);
    mempool_destroy(pool);
    assert_int_equal(errno, ERRNO_BEFORE);
    mempool_destroy(large);
    assert_int_equal(errno, ERRNO_BEFORE);
}

/* Objects of a size without padding lie side by side: zeroing more than one would show in the
 * next. Each third is taken anew by get0 and must be zero; the others keep what they held. */
static void check_get0(size_t object_bytes, size_t n_objects) {
    struct mempool *pool = pool_of(object_bytes);
    get_all(pool, many, n_objects);
    qsort(many, n_objects, sizeof many[0], compare_addresses);
    for (size_t i = 0; i < n_objects; i++) {
        pattern_fill(many[i], object_bytes, i);
    }
    for (size_t i = 0; i < n_objects; i += 3) {
        memset(many[i], 0xff, object_bytes);
        mempool_put(many[i]);
    }
    for (size_t i = 0; i < n_objects; i += 3) {
        unsigned char *object = many[i] = mempool_get0(pool);
        assert_non_null(object);
        for (size_t j = 0; j < object_bytes; j++) {
            assert_int_equal(object[j], 0);
        }
        memset(object, 0xff, object_bytes);
    }
    for (size_t i = 0; i < n_objects; i++) {
        assert_true(i % 3 == 0 || pattern_intact(many[i], object_bytes, i));
    }
    put_all(many, n_objects);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void get0_zeroes_the_object_alone(void **state) {
    (void)state;
    check_get0(16, 3000);
    check_get0(64, 3000);
    check_get0(4096, 100);
    check_get0(1 << 20, 6);
}

/* Sizes with a remainder at the end of the last word, vector and page. */
static void get0_zeroes_to_the_last_byte(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 7, 9, 31, 33, 63, 65, 100, 255, 1000, 4095, 4097, 12120};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_get0(sizes[i], 30);
    }
}

static void bulk_gets_as_many_as_asked(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    static const size_t counts[] = {0, 1, 2, 31, 32, 33, 500, N_MANY};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_int_equal(mempool_get_bulk(pool, many, counts[i]), counts[i]);
        assert_int_equal(pool_stats(pool).hot, counts[i]);
        qsort(many, counts[i], sizeof many[0], compare_addresses);
        for (size_t j = 1; j < counts[i]; j++) {
            assert_ptr_not_equal(many[j], many[j - 1]);
        }
        mempool_put_bulk(many, counts[i]);
        assert_int_equal(pool_stats(pool).hot, 0);
    }
    assert_int_equal(pool_stats(pool).alloc_count, pool_stats(pool).put_count);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void bulk_gets_what_there_is(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .limit = 100));
    errno = 0;
    assert_int_equal(mempool_get_bulk(pool, many, 300), 100);
    assert_int_equal(errno, ENOMEM);
    assert_refused(mempool_get_bulk(pool, many + 100, 1), ENOMEM);
    mempool_put_bulk(many + 93, 7);
    errno = 0;
    assert_int_equal(mempool_get_bulk(pool, many + 93, 8), 7);
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(pool_stats(pool).hot, 100);
    assert_int_equal(pool_stats(pool).alloc_count, 107);
    mempool_put_bulk(many, 100);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void bulk_put_takes_several_pools(void **state) {
    (void)state;
    enum { N_POOLS = 7, N_OBJECTS = 700 };
    struct mempool *pools[N_POOLS];
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(20 + 300 * i);
    }
    for (size_t i = 0; i < N_OBJECTS; i++) {
        many[i] = i % 11 == 0 ? NULL : mempool_get(pools[i * i % N_POOLS]);
    }
    mempool_put_bulk(many, N_OBJECTS);
    for (size_t i = 0; i < N_POOLS; i++) {
        assert_int_equal(pool_stats(pools[i]).hot, 0);
        assert_int_equal(mempool_destroy(pools[i]), 0);
    }
}

static void *put_them(void *unused) {
    put_all(many, N_MANY);
    return unused;
}

static void another_thread_may_put(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    get_all(pool, many, N_MANY);
    thread_run(put_them, NULL);
    struct mempool_stats stats = pool_stats(pool);
    assert_int_equal(stats.hot, 0);
    assert_int_equal(stats.put_count, N_MANY);
    check_max_alloc(&stats, N_MANY);
    get_all(pool, many, N_MANY);
    assert_int_equal(pool_stats(pool).hot, N_MANY);
    put_all(many, N_MANY);
    assert_int_equal(mempool_destroy(pool), 0);
}

/* What was put is used again: get and put without end take no more memory. */
static void objects_are_reused(void **state) {
    (void)state;
    struct mempool *pool = pool_of(1000);
    for (int round = 0; round < 200; round++) {
        get_all(pool, many, 100);
        put_all(many, 100);
    }
    assert_true(pool_stats(pool).slab_bytes <= 2 << 20);
    assert_int_equal(mempool_destroy(pool), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_pool_is_refused),
        cmocka_unit_test(null_objects_are_ignored),
        cmocka_unit_test(many_objects_are_distinct),
        cmocka_unit_test(put_preserves_errno),
        cmocka_unit_test(get0_zeroes_the_object_alone),
        cmocka_unit_test(get0_zeroes_to_the_last_byte),
        cmocka_unit_test(bulk_gets_as_many_as_asked),
        cmocka_unit_test(bulk_gets_what_there_is),
        cmocka_unit_test(bulk_put_takes_several_pools),
        cmocka_unit_test(another_thread_may_put),
        cmocka_unit_test(objects_are_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
