/* SPDX-License-Identifier: MIT */
/* mempool_create: what it takes, and what it refuses. */
#include "unit.h"

/* Options that nothing is wrong with, for a test to spoil one field of. */
static struct mempool_options good_options(void) {
    return POOL_OPTIONS(.object_bytes = 64);
}

static void check_usable(const struct mempool_options *options) {
    struct mempool *pool = mempool_create(options);
    assert_non_null(pool);
    void *object = mempool_get(pool);
    assert_non_null(object);
    size_t align = options->align != 0 ? options->align : _Alignof(max_align_t);
    assert_int_equal((uintptr_t)object % align, 0);
    memset(object, 0x5a, options->object_bytes);
    mempool_put(object);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void refuses_unreadable_options(void **state) {
    (void)state;
    struct mempool_options options = good_options();
    assert_refused(mempool_create(NULL), EINVAL);
    static const size_t bad[] = {0, 1, sizeof(size_t), 2 * sizeof(size_t), SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.struct_size = bad[i];
        assert_refused(mempool_create(&options), EINVAL);
    }
}

/* A newer caller asks for something that this library does not know: that must not go unheard. */
static void refuses_unknown_fields(void **state) {
    (void)state;
    struct {
        struct mempool_options known;
        size_t unknown;
    } newer = {good_options(), 1};
    newer.known.struct_size = sizeof newer;
    assert_refused(mempool_create(&newer.known), EINVAL);
}

static void refuses_bad_sizes(void **state) {
    (void)state;
    static const size_t bad[] = {0, MEMPOOL_OBJECT_BYTES_MAX + 1, SIZE_MAX - 15, SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mempool_options options = good_options();
        options.object_bytes = bad[i];
        assert_refused(mempool_create(&options), EINVAL);
        assert_refused(mempool_create_typed(bad[i], 0, "thing", 0), EINVAL);
    }
}

static void refuses_bad_alignments(void **state) {
    (void)state;
    static const size_t bad[] = {3, 24, 48, 4095, MEMPOOL_ALIGN_MAX * 2, SIZE_MAX,
                                 SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mempool_options options = good_options();
        options.align = bad[i];
        assert_refused(mempool_create(&options), EINVAL);
        assert_refused(mempool_create_typed(64, bad[i], "thing", 0), EINVAL);
    }
}

static void refuses_bad_caps(void **state) {
    (void)state;
    struct mempool_options options = good_options();
    options.count = 10;
    options.limit = 9;
    assert_refused(mempool_create(&options), EINVAL);
    options = good_options();
    options.on_empty = MEMPOOL_FAIL;
    assert_refused(mempool_create(&options), EINVAL);
}

static void refuses_unknown_bits(void **state) {
    (void)state;
    static const unsigned bad_flags[] = {2, 3, 0x80000000u, 0xffffffffu};
    for (size_t i = 0; i < sizeof bad_flags / sizeof bad_flags[0]; i++) {
        struct mempool_options options = good_options();
        options.flags = bad_flags[i];
        assert_refused(mempool_create(&options), EINVAL);
    }
    struct mempool_options options = good_options();
    options.reserved = 1;
    assert_refused(mempool_create(&options), EINVAL);
    static const int bad_policies[] = {-1, 3, 1000};
    for (size_t i = 0; i < sizeof bad_policies / sizeof bad_policies[0]; i++) {
        options = good_options();
        options.count = 1;
        options.on_empty = (enum mempool_on_empty)bad_policies[i];
        assert_refused(mempool_create(&options), EINVAL);
    }
}

static void refuses_counts_that_overflow(void **state) {
    (void)state;
    static const size_t bad[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 64, SIZE_MAX / 64 + 2};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mempool_options options = good_options();
        options.count = bad[i];
        errno = 0;
        assert_null(mempool_create(&options));
        /* SIZE_MAX / 64 objects of 64 bytes just fit into a size_t, though into no machine. */
        assert_true(errno == EINVAL || (errno == ENOMEM && bad[i] <= SIZE_MAX / 64));
    }
    assert_refused(mempool_create_typed(64, 0, "thing", SIZE_MAX), EINVAL);
}

static void refuses_counts_beyond_memory(void **state) {
    (void)state;
    struct mempool_options options = good_options();
    options.object_bytes = MEMPOOL_OBJECT_BYTES_MAX;
    options.count = (size_t)1 << 30;
    errno = 0;
    assert_null(mempool_create(&options));
    assert_true(errno == ENOMEM || errno == EINVAL);
    options.count = 0;
    check_usable(&options); /* what was taken for the attempt came back */
}

static int count_pool(struct mempool *pool, void *n_pools) {
    CHECK(pool != NULL);
    ++*(size_t *)n_pools;
    return 0;
}

static void refusals_leave_nothing_behind(void **state) {
    size_t n_before = 0, n_after = 0;
    mempool_list(count_pool, &n_before);
    refuses_bad_caps(state);
    refuses_bad_sizes(state);
    refuses_counts_beyond_memory(state);
    mempool_list(count_pool, &n_after);
    assert_int_equal(n_before, n_after);
}

static void takes_the_extremes(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 15, 17, 4095, 65537, MEMPOOL_OBJECT_BYTES_MAX};
    static const size_t alignments[] = {0, 1, 2, 16, 64, MEMPOOL_ALIGN_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof alignments / sizeof alignments[0]; j++) {
            struct mempool_options options = good_options();
            options.object_bytes = sizes[i];
            options.align = alignments[j];
            check_usable(&options);
        }
    }
    struct mempool_options options = good_options();
    options.count = options.limit = 10;
    options.flags = MEMPOOL_UNCACHED;
    check_usable(&options);
}

/* An alignment below max_align_t's does not lower what every object has. */
static void aligns_at_least_as_malloc(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 3, .align = 1));
    void *objects[100];
    get_all(pool, objects, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
    }
    put_all(objects, 100);
    assert_int_equal(mempool_destroy(pool), 0);
}

static void makes_count_objects_ready(void **state) {
    (void)state;
    struct mempool *none = pool_of(64);
    assert_int_equal(pool_stats(none).slabs, 0);
    assert_int_equal(pool_stats(none).cold, 0);
    struct mempool *some = pool_of_options(&POOL_OPTIONS(.object_bytes = 64, .count = 5000));
    struct mempool_stats stats = pool_stats(some);
    assert_true(stats.cold >= 5000 && stats.slabs > 0);
    assert_true(stats.slab_bytes >= (uint64_t)5000 * 64);
    assert_int_equal(stats.hot, 0);
    assert_int_equal(stats.count, 5000);
    assert_int_equal(mempool_destroy(none) + mempool_destroy(some), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_unreadable_options),
        cmocka_unit_test(refuses_unknown_fields),
        cmocka_unit_test(refuses_bad_sizes),
        cmocka_unit_test(refuses_bad_alignments),
        cmocka_unit_test(refuses_bad_caps),
        cmocka_unit_test(refuses_unknown_bits),
        cmocka_unit_test(refuses_counts_that_overflow),
        cmocka_unit_test(refuses_counts_beyond_memory),
        cmocka_unit_test(refusals_leave_nothing_behind),
        cmocka_unit_test(takes_the_extremes),
        cmocka_unit_test(aligns_at_least_as_malloc),
        cmocka_unit_test(makes_count_objects_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
