/* SPDX-License-Identifier: MIT */
/* The model of caches: known answers, and that it chooses among what the library makes. */
#include "story.h"

#include "analysis/magazines.h"
#include "depot/depot.h"

/* The library's own bounds, so that they are not changed in one place only. */
static void test_bounds(void **state) {
    (void)state;
    static struct depot depot;
    for (size_t bytes = 1; bytes <= (size_t)1 << 20; bytes += bytes < 4096 ? 1 : 777) {
        struct shape shape;
        shape_init(&shape, bytes, 0, SHAPE_PLAIN);
        depot_init(&depot, &shape, 0);
        assert_int_equal(magazines_most_rounds(shape.stride, true), depot.rounds_max);
        assert_int_equal(magazines_most_rounds(shape.stride, false), depot.rounds_calm);
    }
    assert_int_equal(magazines_rounds[MAGAZINES_SIZES - 1], MAGAZINE_ROUNDS_MAX);
}

/* One object, got and put over and over: one miss fills the magazine. */
static void test_one_object(void **state) {
    (void)state;
    tell_beginning(1, 1);
    for (int i = 0; i < 1000; i++) {
        tell(TRACE_GET, 0, 0, 0);
        tell(TRACE_PUT, 0, 0, 0);
    }
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 1\n");
    struct magazines *magazines = magazines_of_trace(trace);
    const struct magazines_of_pool *pool = &magazines->pools[0];
    assert_int_equal(pool->operations, 2000);
    assert_int_equal(pool->threads, 1);
    for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
        assert_int_equal(pool->sizes[size].misses, 1);
        assert_int_equal(pool->sizes[size].peak_cached, magazines_rounds[size]);
        assert_int_equal(pool->sizes[size].peak_slots, magazines_rounds[size]);
    }
    assert_int_equal(magazines_choose(pool, 112), 0);
    magazines_free(magazines);
    trace_unload(trace);
}

/* Waves of 20: two magazines of 15 hold what goes up and down, two of 7 do not. */
static void test_waves(void **state) {
    (void)state;
    tell_beginning(1, 1);
    for (int wave = 0; wave < 200; wave++) {
        for (uint32_t slot = 0; slot < 20; slot++) {
            tell(TRACE_GET, 0, 0, slot);
        }
        for (uint32_t slot = 0; slot < 20; slot++) {
            tell(TRACE_PUT, 0, 0, slot);
        }
    }
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 20\n");
    struct magazines *magazines = magazines_of_trace(trace);
    const struct magazines_of_pool *pool = &magazines->pools[0];
    int size = magazines_choose(pool, 112);
    assert_int_equal(magazines_rounds[size], 15);
    assert_int_equal(pool->sizes[size].misses, 2);
    assert_true(magazines_hits(pool, (size_t)size - 1) < MAGAZINES_ENOUGH);
    /* Slots that large have magazines of 7 at most, and of 1 MiB none. */
    assert_int_equal(magazines_rounds[magazines_choose(pool, 4096)], 7);
    assert_int_equal(magazines_choose(pool, 1 << 20), -1);
    magazines_free(magazines);
    trace_unload(trace);
}

/* One gets, another puts: every magazine goes through the depot, one for the get and one for the
 * put. */
static void test_crossing(void **state) {
    (void)state;
    enum { PAIRS = 1024 };
    tell_beginning(2, 1);
    for (int i = 0; i < PAIRS; i++) {
        tell(TRACE_GET, 0, 0, 0);
        tell(TRACE_PUT, 1, 0, 0);
    }
    struct trace *trace = tell_end(2, "pool 0 a:thing 100 4 1\n");
    struct magazines *magazines = magazines_of_trace(trace);
    const struct magazines_of_pool *pool = &magazines->pools[0];
    assert_int_equal(pool->threads, 2);
    for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
        uint64_t rounds = magazines_rounds[size];
        uint64_t gets = (PAIRS + rounds - 1) / rounds, puts = (PAIRS - 1) / rounds;
        assert_int_equal(pool->sizes[size].misses, gets + puts);
    }
    magazines_free(magazines);
    trace_unload(trace);
}

/* What a thread that ends had goes to the next one, not to waste. */
static void test_thread_end(void **state) {
    (void)state;
    enum { THREADS = 100 };
    tell_beginning(THREADS, 1);
    for (uint16_t thread = 0; thread < THREADS; thread++) {
        tell(TRACE_GET, thread, 0, 0);
        tell(TRACE_PUT, thread, 0, 0);
        tell(TRACE_THREAD_EXIT, thread, FORGE_NO_POOL, 0);
    }
    struct trace *trace = tell_end(THREADS, "pool 0 a:thing 100 4 1\n");
    struct magazines *magazines = magazines_of_trace(trace);
    const struct magazines_of_pool *pool = &magazines->pools[0];
    assert_int_equal(pool->threads, THREADS);
    for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
        assert_int_equal(pool->sizes[size].peak_slots, magazines_rounds[size]);
        assert_int_equal(pool->sizes[size].misses, THREADS);
    }
    magazines_free(magazines);
    trace_unload(trace);
}

/* More pairs of thread and pool than the first table has room for. */
static void test_many_pairs(void **state) {
    (void)state;
    enum { THREADS = 60, POOLS = 40 };
    static char classes[POOLS * 32];
    size_t used = 0;
    tell_beginning(THREADS, POOLS);
    for (uint16_t pool = 0; pool < POOLS; pool++) {
        used += (size_t)snprintf(classes + used, sizeof(classes) - used, "pool %u a:p%u 100 4 1\n",
                                 (unsigned)pool, (unsigned)pool);
        for (uint16_t thread = 0; thread < THREADS; thread++) {
            for (int i = 0; i < 2; i++) {
                tell(TRACE_GET, thread, pool, 0);
                tell(TRACE_PUT, thread, pool, 0);
            }
        }
    }
    struct trace *trace = tell_end(THREADS, classes);
    struct magazines *magazines = magazines_of_trace(trace);
    for (size_t pool = 0; pool < POOLS; pool++) {
        assert_int_equal(magazines->pools[pool].threads, THREADS);
        assert_int_equal(magazines->pools[pool].sizes[3].misses, THREADS);
    }
    magazines_free(magazines);
    trace_unload(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),     cmocka_unit_test(test_one_object),
        cmocka_unit_test(test_waves),      cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_thread_end), cmocka_unit_test(test_many_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
