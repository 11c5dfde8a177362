/* SPDX-License-Identifier: MIT */
/* Time as a test sets it: ages, the wrap of a record's seconds, memory that goes back by itself. */
#include "unit.h"

#include "child.h"
#include "scale.h"
#include "threads.h"

#include "cache/thread.h"
#include "pool/reclaim.h"
#include "sys/sys.h"

enum {
    OBJECT_BYTES = 1000,
    N_OBJECTS = 8000,
    SECOND = 1000,
    WRAP_SECONDS = RECORD_TIME_MASK + 1,
};

static _Atomic uint64_t now_ms = 123456;
static void *objects[N_OBJECTS];

static uint64_t fake_clock_ms(void) {
    return load_relaxed(&now_ms);
}

static void wait_seconds(uint64_t seconds) {
    (void)add_relaxed(&now_ms, seconds * SECOND);
}

/* So many gets that one of them looks at the clock. */
static void use_lightly(struct mempool *pool) {
    for (int i = 0; i < 300; i++) {
        void *object = mempool_get(pool);
        CHECK(object != NULL);
        mempool_put(object);
    }
}

static int64_t age_of(const void *object) {
    return address_description(object).age_seconds;
}

static int ages_grow(void *argument) {
    struct mempool_options options = POOL_OPTIONS(.object_bytes = 64);
    options.flags = *(const unsigned *)argument;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of_options(&options), *heap = pool_of_options(&POOL_OPTIONS(
        .object_bytes = 64, .count = 0, .on_empty = MEMPOOL_HEAP));
    void *old = mempool_get(pool), *alone = mempool_get(heap);
    CHECK_EQUAL(age_of(old), 0);
    wait_seconds(7);
    use_lightly(pool);
    CHECK_EQUAL(age_of(old), 7);
    CHECK_EQUAL(age_of(alone), 7);
    void *young = mempool_get(pool);
    wait_seconds(100);
    use_lightly(pool);
    CHECK_EQUAL(age_of(old), 107);
    CHECK_EQUAL(age_of(young), 100);
    mempool_put(young); /* free: since then */
    wait_seconds(5);
    use_lightly(pool);
    CHECK_EQUAL(age_of(old), 112);
    mempool_put(old);
    mempool_put(alone);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(heap), 0);
    return 0;
}

static void ages_grow_with_the_clock(void **state) {
    (void)state;
    unsigned flags = 0;
    assert_int_equal(child_status(ages_grow, &flags), 0);
    flags = MEMPOOL_UNCACHED;
    assert_int_equal(child_status(ages_grow, &flags), 0);
}

/* 2^20 seconds and more: an age is then too small by a multiple of that, and nothing else is. */
static int ages_wrap(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of(64);
    void *old = mempool_get(pool);
    wait_seconds(WRAP_SECONDS - 3);
    use_lightly(pool);
    CHECK_EQUAL(age_of(old), WRAP_SECONDS - 3);
    for (int second = 0; second < 8; second++) {
        void *young = mempool_get(pool);
        CHECK(age_of(young) >= 0 && age_of(young) <= 1);
        mempool_put(young);
        wait_seconds(1);
        use_lightly(pool);
        CHECK(age_of(old) >= 0 && age_of(old) < WRAP_SECONDS);
    }
    CHECK(age_of(old) <= 6);
    wait_seconds(UINT64_C(5) * WRAP_SECONDS + 10);
    use_lightly(pool);
    CHECK_EQUAL(pool_live(pool), 1);
    mempool_put(old);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void the_wrap_of_seconds_is_harmless(void **state) {
    (void)state;
    assert_int_equal(child_status(ages_wrap, NULL), 0);
}

static void make_peak(struct mempool *pool) {
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N_OBJECTS), N_OBJECTS);
    mempool_put_bulk(objects, N_OBJECTS);
}

/* Steps of 100 ms, each with a little use. */
static void let_pass(struct mempool *pool, uint64_t milliseconds) {
    for (uint64_t passed = 0; passed < milliseconds; passed += 100) {
        (void)add_relaxed(&now_ms, 100);
        use_lightly(pool);
    }
}

static _Atomic int n_built;

static int build(void *object, void *argument) {
    (void)argument;
    *(uint64_t *)object = (uintptr_t)object;
    (void)add_relaxed(&n_built, 1);
    return 0;
}

static void unbuild(void *object, void *argument) {
    (void)argument;
    CHECK(*(uint64_t *)object == (uintptr_t)object);
    (void)add_relaxed(&n_built, -1);
}

/* Slabs that are empty for five seconds go; not earlier, and not those that `count` needs. */
static int memory_goes_back(void *argument) {
    const struct mempool_options *options = argument;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of_options(options);
    struct mempool *user = pool_of(64);
    make_peak(pool);
    uint64_t slabs_at_peak = pool_stats(pool).slabs;
    uint64_t slabs_kept = (options->count + 64) / 65 + 2; /* 65 slots of 1008 bytes in a slab */
    CHECK(slabs_at_peak > 100);
    let_pass(user, 4000);
    CHECK_EQUAL(pool_stats(pool).slabs, slabs_at_peak);
    CHECK_EQUAL(pool_live(pool), 0);
    for (int second = 0; second < 600 && pool_stats(pool).slabs > slabs_kept; second++) {
        let_pass(user, SECOND);
    }
    struct mempool_stats stats = pool_stats(pool);
    printf("slabs: %llu at the peak, %llu kept\n", (unsigned long long)slabs_at_peak,
           (unsigned long long)stats.slabs);
    CHECK(stats.slabs <= slabs_kept);
    CHECK(stats.cold >= options->count);
    CHECK_EQUAL(stats.hot, 0);
    make_peak(pool);
    CHECK_EQUAL(pool_live(pool), 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    CHECK_EQUAL(mempool_destroy(user), 0);
    CHECK_EQUAL(load_relaxed(&n_built), 0);
    return 0;
}

static void empty_slabs_go_back_after_a_while(void **state) {
    (void)state;
    struct mempool_options plain = POOL_OPTIONS(.object_bytes = OBJECT_BYTES);
    assert_int_equal(child_status(memory_goes_back, &plain), 0);
    struct mempool_options counted = POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 1000);
    assert_int_equal(child_status(memory_goes_back, &counted), 0);
    struct mempool_options built = POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .construct = build,
                                                .destruct = unbuild);
    assert_int_equal(child_status(memory_goes_back, &built), 0);
    struct mempool_options uncached =
        POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = MEMPOOL_UNCACHED);
    assert_int_equal(child_status(memory_goes_back, &uncached), 0);
}

static int (*real_purge)(void *start, size_t bytes);

/* So slow that one piece of a slab is all that one step gives back. */
static int slow_purge(void *start, size_t bytes) {
    sleep_ms(1);
    return real_purge(start, bytes);
}

/* A destroy while a slab of the pool is half-way back. */
static int destroyed_half_way(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    real_purge = sys_operations.purge;
    for (int passes = 1; passes < 25; passes++) {
        struct mempool *pool = pool_of_options(&POOL_OPTIONS(
            .object_bytes = 300000, .construct = build, .destruct = unbuild));
        struct mempool *user = pool_of(64);
        for (int i = 0; i < 8; i++) {
            objects[i] = mempool_get(pool);
        }
        mempool_put_bulk(objects, 8);
        let_pass(user, 5000);
        sys_operations.purge = slow_purge;
        let_pass(user, 1500);
        let_pass(user, 100 * (uint64_t)passes);
        sys_operations.purge = real_purge;
        CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(user), 0);
        CHECK_EQUAL(load_relaxed(&n_built), 0);
    }
    return 0;
}

static void a_pool_may_end_while_its_memory_goes(void **state) {
    (void)state;
    assert_int_equal(child_status(destroyed_half_way, NULL), 0);
}

/* As long as one step's time, and no longer, so that a step gives back one slab. */
static int busy_purge(void *start, size_t bytes) {
    uint64_t end_ns = sys_clock_ns() + 30000;
    while (sys_clock_ns() < end_ns) {
    }
    return real_purge(start, bytes);
}

/* What a step has no time for is not left for a tenth of a second. */
static int much_goes_back(void *unused) {
    (void)unused;
    enum { STEPS = 200, STEP_MS = 10, WHOLE_STEPS = STEPS * STEP_MS / RECLAIM_PERIOD_MS };
    sys_operations.clock_ms = fake_clock_ms;
    real_purge = sys_operations.purge;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 8000));
    struct mempool *user = pool_of(64);
    get_all(pool, objects, N_OBJECTS / 3);
    put_all(objects, N_OBJECTS / 3);
    wait_seconds(4);
    use_lightly(user);
    uint64_t before = pool_stats(pool).slabs;
    wait_seconds(2);
    sys_operations.purge = busy_purge;
    for (int i = 0; i < STEPS; i++) {
        (void)add_relaxed(&now_ms, STEP_MS);
        use_lightly(user);
    }
    sys_operations.purge = real_purge;
    uint64_t gone = before - pool_stats(pool).slabs;
    printf("%llu of %llu slabs went\n", (unsigned long long)gone, (unsigned long long)before);
    CHECK(gone > 2 * WHOLE_STEPS);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(user), 0);
    return 0;
}

static void a_peak_goes_back_soon(void **state) {
    (void)state;
    assert_int_equal(child_status(much_goes_back, NULL), 0);
}

static _Atomic int n_steps;

static void count_step(void) {
    (void)add_relaxed(&n_steps, 1);
}

static void *use_and_reclaim(void *pool) {
    use_lightly(pool);
    reclaim_if_due(thread_current->tick_ms);
    return NULL;
}

/* A thread that has not looked at the clock for a while knows an older time than that of the last
 * step: no reason for another, nor for others to take one after it. */
static int late_thread(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of(64);
    store_relaxed(&reclaim_attend, count_step);
    (void)use_and_reclaim(pool);
    wait_seconds(1);
    thread_run(use_and_reclaim, pool);
    int steps = load_relaxed(&n_steps);
    CHECK(steps > 0);
    for (int i = 0; i < 3; i++) {
        CHECK(thread_current->tick_ms + RECLAIM_PERIOD_MS < load_relaxed(&reclaim_next_ms));
        reclaim_if_due(thread_current->tick_ms);
        thread_run(use_and_reclaim, pool);
        CHECK_EQUAL(load_relaxed(&n_steps), steps);
    }
    wait_seconds(1);
    (void)use_and_reclaim(pool);
    CHECK_EQUAL(load_relaxed(&n_steps), steps + 1);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_step_is_taken_once(void **state) {
    (void)state;
    assert_int_equal(child_status(late_thread, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_grow_with_the_clock),
        cmocka_unit_test(the_wrap_of_seconds_is_harmless),
        cmocka_unit_test(empty_slabs_go_back_after_a_while),
        cmocka_unit_test(a_pool_may_end_while_its_memory_goes),
        cmocka_unit_test(a_peak_goes_back_soon),
        cmocka_unit_test(a_step_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
