/* SPDX-License-Identifier: MIT */
/* mempool_describe and mempool_of: any address explained. */
#include "unit.h"

#include "threads.h"

#include <sys/syscall.h>

enum { N_OBJECTS = 3000, OBJECT_BYTES = 100 };

/* The longest that a sanitizer makes one of the small functions here. */
enum { FUNCTION_BYTES_MAX = 4096 };

static void *objects[N_OBJECTS];

__attribute__((noinline)) static void *get_here(struct mempool *pool) {
    void *object = mempool_get(pool);
    assert_non_null(object);
    return object;
}

__attribute__((noinline)) static void put_here(void *object) {
    mempool_put(object);
    assert_non_null(object);
}

static bool site_is_in(uintptr_t site, uintptr_t function) {
    return site > function && site - function < FUNCTION_BYTES_MAX;
}

static void foreign_addresses(void **state) {
    (void)state;
    static char global[16];
    char *block = malloc(16);
    void *addresses[] = {NULL, &block, global, block, (void *)(uintptr_t)16,
                         (void *)(uintptr_t)0xdeadbeefdeadbeefu, (void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct mempool_description description = address_description(addresses[i]);
        assert_int_equal(description.state, MEMPOOL_STATE_FOREIGN);
        assert_null(description.pool);
        assert_string_equal(description.pool_name, "");
        assert_null(mempool_of(addresses[i]));
    }
    free(block);
}

static void live_object(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    char *object = get_here(pool);
    size_t padded_bytes = pool_stats(pool).padded_bytes;
    for (size_t offset = 0; offset < padded_bytes; offset += offset < 2 ? 1 : 7) {
        struct mempool_description description = address_description(object + offset);
        assert_int_equal(description.state, MEMPOOL_STATE_LIVE);
        assert_ptr_equal(description.pool, pool);
        assert_string_equal(description.pool_name, "test:thing");
        assert_ptr_equal(description.object, object);
        assert_int_equal(description.offset, offset);
        assert_int_equal(description.object_bytes, OBJECT_BYTES);
        assert_int_equal(description.padded_bytes, padded_bytes);
        assert_int_equal(description.heap, 0);
        assert_int_equal(description.pool_destroyed, 0);
        assert_true(site_is_in(description.site, (uintptr_t)get_here));
        assert_int_equal(description.thread, syscall(SYS_gettid));
        assert_int_equal(description.thread_exited, 0);
        assert_in_range(description.age_seconds, 0, 60);
        assert_ptr_equal(mempool_of(object + offset), offset == 0 ? pool : NULL);
    }
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void free_object(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    void *object = get_here(pool);
    put_here(object);
    struct mempool_description description = address_description(object);
    assert_int_equal(description.state, MEMPOOL_STATE_FREE);
    assert_ptr_equal(description.pool, pool);
    assert_ptr_equal(description.object, object);
    assert_true(site_is_in(description.site, (uintptr_t)put_here));
    assert_int_equal(description.thread, syscall(SYS_gettid));
    assert_null(mempool_of(object));
    assert_int_equal(mempool_destroy(pool), 0);
}

static void virgin_slots(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .count = 100));
    char *object = mempool_get(pool);
    size_t n_virgin = 0;
    for (ptrdiff_t nth = -99; nth <= 99; nth++) {
        struct mempool_description description = address_description(object + nth * 64);
        if (nth != 0 && description.pool == pool
            && description.state == MEMPOOL_STATE_VIRGIN) {
            n_virgin++;
            assert_int_equal(description.site, 0);
            assert_null(mempool_of(object + nth * 64));
        }
    }
    assert_true(n_virgin >= 99);
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

/* No slab is a multiple of this size: there is a rest behind its last slot. */
static void tail_of_a_slab(void **state) {
    (void)state;
    struct mempool *pool = pool_of(7001);
    size_t padded_bytes = pool_stats(pool).padded_bytes;
    char *object = mempool_get(pool), *address = object;
    struct mempool_description description = address_description(object);
    for (size_t slot = description.slot; description.state != MEMPOOL_STATE_TAIL; slot++) {
        assert_true(description.state == MEMPOOL_STATE_LIVE
                    || description.state == MEMPOOL_STATE_VIRGIN);
        assert_int_equal(description.slot, slot);
        address += padded_bytes;
        description = address_description(address);
    }
    assert_ptr_equal(description.pool, pool);
    assert_string_equal(description.pool_name, "test:thing");
    assert_null(mempool_of(address));
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void unused_after_trim(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    get_all(pool, objects, N_OBJECTS);
    put_all(objects, N_OBJECTS);
    mempool_thread_flush();
    mempool_trim(pool);
    for (size_t i = 0; i < N_OBJECTS; i += 100) {
        struct mempool_description description = address_description(objects[i]);
        assert_int_equal(description.state, MEMPOOL_STATE_UNUSED);
        assert_null(mempool_of(objects[i]));
    }
    assert_int_equal(mempool_destroy(pool), 0);
}

static void slots_count_within_their_slab(void **state) {
    (void)state;
    struct mempool *pool = pool_of(OBJECT_BYTES);
    size_t padded_bytes = pool_stats(pool).padded_bytes;
    get_all(pool, objects, N_OBJECTS);
    qsort(objects, N_OBJECTS, sizeof objects[0], compare_addresses);
    size_t n_slabs = 0;
    uintptr_t slab_before = 0;
    for (size_t i = 0; i < N_OBJECTS; i++) {
        size_t slot = address_description(objects[i]).slot;
        uintptr_t first_slot = (uintptr_t)objects[i] - slot * padded_bytes;
        assert_true(first_slot >= slab_before);
        n_slabs += first_slot != slab_before;
        slab_before = first_slot;
    }
    assert_int_equal(n_slabs, pool_stats(pool).slabs);
    put_all(objects, N_OBJECTS);
    assert_int_equal(mempool_destroy(pool), 0);
}

struct got_elsewhere {
    struct mempool *pool;
    void *object;
    long thread;
};

static void *get_elsewhere(void *argument) {
    struct got_elsewhere *got = argument;
    got->object = mempool_get(got->pool);
    got->thread = syscall(SYS_gettid);
    CHECK(address_description(got->object).thread_exited == 0);
    return NULL;
}

static void thread_that_ended(void **state) {
    (void)state;
    struct got_elsewhere got = {.pool = pool_of(OBJECT_BYTES)};
    thread_run(get_elsewhere, &got);
    struct mempool_description description = address_description(got.object);
    assert_int_equal(description.thread_exited, 1);
    assert_true(description.thread == got.thread || description.thread == 0);
    mempool_put(got.object);
    assert_int_equal(mempool_destroy(got.pool), 0);
}

static void heap_object(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .on_empty = MEMPOOL_HEAP));
    char *object = get_here(pool);
    struct mempool_description description = address_description(object);
    assert_int_equal(description.state, MEMPOOL_STATE_LIVE);
    assert_int_equal(description.heap, 1);
    assert_ptr_equal(description.pool, pool);
    assert_ptr_equal(description.object, object);
    assert_string_equal(description.pool_name, "test:thing");
    assert_true(site_is_in(description.site, (uintptr_t)get_here));
    mempool_put(object);
    assert_null(mempool_of(object));
    assert_int_equal(address_state(object), MEMPOOL_STATE_FOREIGN);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void bad_arguments(void **state) {
    (void)state;
    assert_int_equal(mempool_describe(objects, NULL), -EINVAL);
    static const size_t bad[] = {0, 1, sizeof(size_t), sizeof(size_t) + 4};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mempool_description description, before;
        memset(&description, 0xab, sizeof description);
        description.struct_size = bad[i];
        before = description;
        assert_int_equal(mempool_describe(objects, &description), -EINVAL);
        assert_memory_equal(&description, &before, sizeof description);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_addresses),
        cmocka_unit_test(live_object),
        cmocka_unit_test(free_object),
        cmocka_unit_test(virgin_slots),
        cmocka_unit_test(tail_of_a_slab),
        cmocka_unit_test(unused_after_trim),
        cmocka_unit_test(slots_count_within_their_slab),
        cmocka_unit_test(thread_that_ended),
        cmocka_unit_test(heap_object),
        cmocka_unit_test(bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
