/* SPDX-License-Identifier: MIT */
/* mempool_destroy: clean, and with objects that outlive their pool. */
#include "unit.h"

#include "pattern.h"
#include "threads.h"

enum { N_OBJECTS = 2000, OBJECT_BYTES = 300, ERRNO_BEFORE = 4711 };

static void *objects[N_OBJECTS];

static int silence(void **state) {
    (void)state;
    mempool_misuse_sink_set(-1);
    return 0;
}

static void null_is_ignored(void **state) {
    (void)state;
    errno = ERRNO_BEFORE;
    assert_int_equal(mempool_destroy(NULL), 0);
    assert_int_equal(errno, ERRNO_BEFORE);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

static void clean_destroy_returns_the_memory(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .count = 100));
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    assert_int_equal(mempool_destroy(pool), 0);
    for (size_t i = 0; i < N_OBJECTS; i += 10) {
        assert_int_equal(address_state(objects[i]), MEMPOOL_STATE_UNUSED);
    }
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

static void *put_half(void *unused) {
    for (size_t i = 0; i < N_OBJECTS; i += 2) {
        CHECK(pattern_intact(objects[i], OBJECT_BYTES, i));
        mempool_put(objects[i]);
    }
    return unused;
}

/* Objects of a destroyed pool are live until they are put, by whichever thread. */
static void live_objects_outlive_the_pool(void **state) {
    (void)state;
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    struct mempool *pool = pool_of(OBJECT_BYTES), *other = pool_of(OBJECT_BYTES);
    get_all(pool, objects, N_OBJECTS);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        pattern_fill(objects[i], OBJECT_BYTES, i);
    }
    assert_int_equal(mempool_destroy(pool), N_OBJECTS);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_LIVE_AT_DESTROY), 1);
    for (size_t i = 0; i < 100; i++) { /* other pools take none of that memory */
        memset(mempool_get0(other), 0xff, OBJECT_BYTES);
    }
    thread_run(put_half, NULL);
    for (size_t i = 1; i < N_OBJECTS; i += 2) {
        struct mempool_description description = address_description(objects[i]);
        assert_int_equal(description.state, MEMPOOL_STATE_LIVE);
        assert_int_equal(description.pool_destroyed, 1);
        assert_string_equal(description.pool_name, "test:thing");
        assert_true(pattern_intact(objects[i], OBJECT_BYTES, i));
        mempool_put(objects[i]);
    }
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_before + 1);
    for (size_t i = 0; i < N_OBJECTS; i += 10) {
        assert_int_equal(address_state(objects[i]), MEMPOOL_STATE_UNUSED);
    }
    assert_int_equal(mempool_destroy(other), 100);
}

static void bulk_put_of_outliving_objects(void **state) {
    (void)state;
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    struct mempool *pool = pool_of(OBJECT_BYTES), *other = pool_of(64);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        objects[i] = mempool_get(i % 3 == 0 ? pool : other);
        assert_non_null(objects[i]);
    }
    assert_int_equal(mempool_destroy(pool), (N_OBJECTS + 2) / 3);
    mempool_put_bulk(objects, N_OBJECTS);
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_before + 1);
    assert_int_equal(address_state(objects[0]), MEMPOOL_STATE_UNUSED);
    assert_int_equal(mempool_destroy(other), 0);
}

static void heap_objects_outlive_the_pool(void **state) {
    (void)state;
    uint64_t n_before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 5, .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, 20);
    for (size_t i = 0; i < 20; i++) {
        pattern_fill(objects[i], OBJECT_BYTES, i);
    }
    assert_int_equal(mempool_destroy(pool), 20);
    for (size_t i = 20; i-- > 0;) {
        assert_true(pattern_intact(objects[i], OBJECT_BYTES, i));
        mempool_put(objects[i]);
    }
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_before + 1);
}

static void handle_is_dead_at_once(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    struct mempool_stats stats = {.struct_size = sizeof stats};
    void *object = mempool_get(pool);
    assert_int_equal(mempool_destroy(pool), 1);
    assert_refused(mempool_get(pool), EINVAL);
    assert_int_equal(mempool_stats(pool, &stats), -EINVAL);
    assert_int_equal(mempool_destroy(pool), 0);
    mempool_put(object);
    assert_refused(mempool_get(pool), EINVAL);
    assert_int_equal(mempool_stats(pool, &stats), -EINVAL);
}

static void errno_survives(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    errno = ERRNO_BEFORE;
    assert_int_equal(mempool_destroy(pool), 1);
    assert_int_equal(errno, ERRNO_BEFORE);
    mempool_put(object);
    assert_int_equal(errno, ERRNO_BEFORE);
    mempool_destroy(pool);
    assert_int_equal(errno, ERRNO_BEFORE);
}

/* Pools come and go by the ten thousand: nothing piles up. */
static void pools_come_and_go(void **state) {
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        struct mempool *pool = pool_of(16 + i % 500);
        void *object = mempool_get(pool);
        assert_non_null(object);
        mempool_put(object);
        assert_int_equal(mempool_destroy(pool), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_ignored),
        cmocka_unit_test(clean_destroy_returns_the_memory),
        cmocka_unit_test(live_objects_outlive_the_pool),
        cmocka_unit_test(bulk_put_of_outliving_objects),
        cmocka_unit_test(heap_objects_outlive_the_pool),
        cmocka_unit_test(handle_is_dead_at_once),
        cmocka_unit_test(errno_survives),
        cmocka_unit_test(pools_come_and_go),
    };
    return cmocka_run_group_tests(tests, silence, NULL);
}
