/* SPDX-License-Identifier: MIT */
/* Advice whose right answer is known. */
#include "story.h"

#include <string.h>

#include <mempool/mempool.h>

#include "analysis/advice.h"

/* The advice for the only pool, and what it was made from. */
static struct {
    struct trace *trace;
    struct usage *usage;
    struct magazines *magazines;
    struct advice *advice;
} made;

static const struct advice_pool *advise(uint16_t n_threads, const char *classes) {
    made.trace = tell_end(n_threads, classes);
    made.usage = usage_of_trace(made.trace);
    made.magazines = magazines_of_trace(made.trace);
    made.advice = advice_of_trace(made.usage, made.magazines);
    assert_non_null(made.advice);
    return &made.advice->pools[0];
}

static void forget(void) {
    advice_free(made.advice);
    magazines_free(made.magazines);
    usage_free(made.usage);
    trace_unload(made.trace);
}

static bool says(const struct advice_pool *pool, const char *part) {
    for (unsigned i = 0; i < pool->n_reasons; i++) {
        if (strstr(pool->reasons[i], part)) {
            return true;
        }
    }
    return false;
}

/* `n` objects are live for a second. */
static void tell_level(uint32_t n) {
    for (uint32_t slot = 0; slot < n; slot++) {
        tell(TRACE_GET, 0, 0, slot);
    }
    tell_after(STORY_SECOND, TRACE_PUT, 0, 0, 0);
}

/* 136 bytes in slots of 144, 455 to a slab of 64 KiB: 10000 asked for are 22 slabs, 1000 are 3. */
static void test_lower(void **state) {
    (void)state;
    tell_beginning(1, 1);
    tell_level(1000);
    const struct advice_pool *pool = advise(1, "pool 0 a:thing 136 10000 1000\n");
    assert_int_equal(pool->verdict, ADVICE_LOWER);
    assert_int_equal(pool->slot_bytes, 144);
    assert_int_equal(pool->slab_slots, 455);
    assert_int_equal(pool->count, 1000);
    assert_int_equal(pool->saved_bytes, (22 - 3) * 65536);
    assert_int_equal(made.advice->saved_bytes, pool->saved_bytes);
    assert_int_equal(made.advice->slab_bytes_now, 22 * 65536);
    assert_int_equal(made.advice->slab_bytes, 3 * 65536);
    assert_true(pool->limit >= 1250);
    assert_int_equal(pool->shrink_bytes, 8);
    assert_int_equal(pool->shrink_saved_bytes, 16000);
    assert_int_equal(pool->padding_bytes, 8000);
    assert_true(says(pool, "136 bytes takes a slot of 144: with 8 bytes less it would be 128"));
    assert_true(says(pool, "10000 ready are more than are used"));
    forget();
}

static void test_raise(void **state) {
    (void)state;
    tell_beginning(1, 1);
    tell_level(1000);
    const struct advice_pool *pool = advise(1, "pool 0 a:thing 144 100 1000\n");
    assert_int_equal(pool->verdict, ADVICE_RAISE);
    assert_int_equal(pool->count, 1000);
    assert_int_equal(pool->saved_bytes, -2 * 65536);
    assert_true(says(pool, "100 are made ready"));
    assert_int_equal(pool->shrink_bytes, 0);
    forget();
}

/* A count that takes as many slabs is right as it is; so is none, where one slab is enough. */
static void test_keep(void **state) {
    (void)state;
    static const char *const lines[] = {"pool 0 a:thing 144 1100 1000\n",
                                        "pool 0 a:thing 16 0 1000\n"};
    for (size_t i = 0; i < 2; i++) {
        tell_beginning(1, 1);
        tell_level(1000);
        const struct advice_pool *pool = advise(1, lines[i]);
        assert_int_equal(pool->verdict, ADVICE_KEEP);
        assert_int_equal(pool->count, pool->count_now);
        assert_int_equal(pool->saved_bytes, 0);
        forget();
    }
}

static void test_unused(void **state) {
    (void)state;
    tell_beginning(1, 2);
    tell(TRACE_GET, 0, 1, 0);
    const struct advice_pool *pool = advise(1, "pool 0 a:none 1000 66 0\npool 1 a:one 16 1 1\n");
    assert_string_equal(pool->name, "a:none"); /* most saved is first */
    assert_int_equal(pool->verdict, ADVICE_UNUSED);
    assert_int_equal(pool->count, 0);
    assert_int_equal(pool->saved_bytes, 2 * 65536);
    assert_int_equal(pool->magazine_rounds, ADVICE_UNKNOWN);
    assert_int_equal(pool[1].verdict, ADVICE_KEEP);
    forget();
}

/* Many threads that hardly ever get: what lies in their caches is more than is used. */
static void test_uncached(void **state) {
    (void)state;
    enum { THREADS = 40 };
    tell_beginning(THREADS, 1);
    for (uint16_t thread = 0; thread < THREADS; thread++) {
        tell_after(STORY_SECOND, TRACE_GET, thread, 0, 0);
        tell(TRACE_PUT, thread, 0, 0);
        tell_after(STORY_SECOND, TRACE_GET, thread, 0, 0);
        tell(TRACE_PUT, thread, 0, 0);
    }
    const struct advice_pool *pool = advise(THREADS, "pool 0 a:rare 4000 0 1\n");
    assert_true(pool->is_uncached);
    assert_true(says(pool, "MEMPOOL_UNCACHED"));
    assert_int_equal(pool->threads, THREADS);
    forget();
}

/* ---- from counters ---- */

static struct snapshot_pool counters(void) {
    return (struct snapshot_pool){
        .name = "a:thing",
        .object_bytes = 144,
        .padded_bytes = 144,
        .count = 1000,
        .hot = 500,
        .alloc_count = 100000,
        .max_alloc = 900,
        .caches = 2,
        .magazine_rounds = 63,
        .cached = 50,
    };
}

static struct advice_pool advise_on(struct snapshot_pool pool) {
    struct snapshot snapshot = {.pools = &pool, .n_pools = 1, .uptime_seconds = 100};
    struct advice *advice = advice_of_snapshot(&snapshot);
    assert_non_null(advice);
    assert_int_equal(advice->n_pools, 1);
    struct advice_pool result = advice->pools[0];
    advice_free(advice);
    return result;
}

static void test_counters(void **state) {
    (void)state;
    struct snapshot_pool pool = counters();
    struct advice_pool advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_LOWER); /* 3 slabs to 2 */
    assert_int_equal(advice.count, 900);
    assert_int_equal(advice.saved_bytes, 65536);
    assert_int_equal(advice.steady, ADVICE_UNKNOWN);
    assert_int_equal(advice.limit, 900 + 2 * 3 * 63);
    pool.count = 100;
    pool.pool_misses = 800;
    advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_RAISE);
    assert_int_equal(advice.count, 900);
    pool.count = 0;
    advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_KEEP);
    pool.count = 1000;
    pool.alloc_count = 0;
    advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_UNUSED);
    assert_int_equal(advice.saved_bytes, 3 * 65536);
}

static void test_shortages(void **state) {
    (void)state;
    struct snapshot_pool pool = counters();
    pool.on_empty = MEMPOOL_HEAP;
    pool.max_alloc = 1000;
    pool.max_stdalloc = 70;
    struct advice_pool advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_RAISE);
    assert_int_equal(advice.count, 1070);
    assert_true(says(&advice, "70 objects at once came from malloc"));
    pool = counters();
    pool.limit = 1000;
    pool.max_alloc = 1000;
    pool.refused = 5;
    advice = advise_on(pool);
    assert_int_equal(advice.verdict, ADVICE_KEEP);
    assert_int_equal(advice.limit, 1251);
    assert_true(says(&advice, "5 gets were refused with 1000 allowed"));
    pool.limit = 0;
    advice = advise_on(pool);
    assert_true(says(&advice, "component"));
}

static void test_flags(void **state) {
    (void)state;
    struct snapshot_pool pool = counters();
    pool.is_uncached = true;
    pool.alloc_count = 1000000;
    struct advice_pool advice = advise_on(pool);
    assert_false(advice.is_uncached);
    assert_true(says(&advice, "10000 gets a second"));
    pool.alloc_count = 1000;
    advice = advise_on(pool);
    assert_true(advice.is_uncached);
    pool = counters();
    pool.alloc_count = 99;
    pool.hot = 1;
    pool.cached = 600;
    advice = advise_on(pool);
    assert_true(advice.is_uncached);
    pool.alloc_count = 101;
    advice = advise_on(pool);
    assert_false(advice.is_uncached);
}

/* What cannot be is left out, and does no harm. */
static void test_nonsense(void **state) {
    (void)state;
    struct snapshot_pool pools[] = {counters(), counters(), counters(), counters()};
    pools[0].object_bytes = 0;
    pools[1].align = 48;
    pools[2].max_alloc = UINT64_MAX;
    pools[3].kind = SNAPSHOT_HEAP_CLASS;
    struct snapshot snapshot = {.pools = pools, .n_pools = 4};
    struct advice *advice = advice_of_snapshot(&snapshot);
    assert_non_null(advice);
    assert_int_equal(advice->n_pools, 0);
    advice_free(advice);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower),     cmocka_unit_test(test_raise),
        cmocka_unit_test(test_keep),      cmocka_unit_test(test_unused),
        cmocka_unit_test(test_uncached),  cmocka_unit_test(test_counters),
        cmocka_unit_test(test_shortages), cmocka_unit_test(test_flags),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
