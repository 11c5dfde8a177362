/* SPDX-License-Identifier: MIT */
/* What pools were used for, of traces whose answers are known. */
#include "story.h"

#include "analysis/levels.h"
#include "analysis/usage.h"

static void test_durations(void **state) {
    (void)state;
    for (unsigned place = 0; place < DURATION_PLACES; place++) {
        assert_int_equal(duration_place(duration_bound(place)), place);
        if (place + 1 < DURATION_PLACES) {
            assert_true(duration_bound(place) < duration_bound(place + 1));
            assert_int_equal(duration_place(duration_bound(place + 1) - 1), place);
        }
    }
    assert_int_equal(duration_bound(1), 100);
    assert_int_equal(duration_bound(9), 1000);
    assert_int_equal(duration_place(UINT64_MAX), DURATION_PLACES - 1);
    uint64_t histogram[DURATION_PLACES] = {0};
    assert_int_equal(duration_percentile(histogram, 50), 0);
    histogram[9] = 98;
    histogram[17] = 2;
    assert_int_equal(duration_percentile(histogram, 50), duration_bound(10));
    assert_int_equal(duration_percentile(histogram, 98), duration_bound(10));
    assert_int_equal(duration_percentile(histogram, 99), duration_bound(18));
}

static void test_levels(void **state) {
    (void)state;
    uint64_t weights[4] = {0};
    assert_int_equal(levels_percentile(weights, 4, 500), 0);
    weights[1] = 990;
    weights[3] = 10;
    assert_int_equal(levels_percentile(weights, 4, 990), 1);
    weights[3] = 11;
    assert_int_equal(levels_percentile(weights, 4, 990), 3);
    assert_int_equal(levels_percentile(weights, 4, 500), 1);
}

/* Ten are got in ten milliseconds; all but two put; a rest of nine seconds with two. */
static void test_pool(void **state) {
    (void)state;
    tell_beginning(2, 1);
    for (uint32_t slot = 0; slot < 10; slot++) {
        tell_after(STORY_SECOND / 1000, TRACE_GET, 0, 0, slot);
    }
    for (uint32_t slot = 0; slot < 8; slot++) {
        tell_after(STORY_SECOND / 1000, TRACE_PUT, slot < 5, 0, slot);
    }
    tell_after(9 * STORY_SECOND, TRACE_GET, 0, 0, 0);
    tell_after(STORY_SECOND / 1000, TRACE_PUT, 0, 0, 0);
    struct trace *trace = tell_end(2, "pool 0 a:thing 100 4 10\n");
    struct usage *usage = usage_of_trace(trace);
    assert_non_null(usage);
    const struct class_usage *pool = &usage->classes[0];
    assert_int_equal(pool->gets, 11);
    assert_int_equal(pool->puts, 9);
    assert_int_equal(pool->crossed, 5);
    assert_int_equal(usage->crossed, 5);
    assert_int_equal(pool->live, 2);
    assert_int_equal(pool->peak, 10);
    assert_int_equal(pool->peak_bytes, 1000);
    assert_int_equal(pool->live_bytes, 200);
    assert_int_equal(pool->peak_ns / 1000000, 10);
    assert_int_equal(pool->median, 2);  /* most of the time */
    assert_int_equal(pool->steady, 10); /* one get of eleven made it ten */
    assert_int_equal(pool->burst, 10);
    assert_int_equal(pool->oldest_ns / 1000000000, 9);
    /* Lifetimes of 9 or 10 ms, but one of 1 ms. */
    assert_int_equal(duration_percentile(pool->lifetimes, 50),
                     duration_bound(duration_place(10000000) + 1));
    assert_int_equal(pool->lifetimes[duration_place(1000000)], 1);
    assert_int_equal(usage->thread_events[0], 15);
    assert_int_equal(usage->thread_events[1], 5);
    usage_free(usage);
    trace_unload(trace);
}

/* What happens once in a hundred gets, and is over at once, is not steady. */
static void test_steady(void **state) {
    (void)state;
    tell_beginning(1, 1);
    for (int i = 0; i < 1000; i++) {
        tell_after(1000, TRACE_GET, 0, 0, 0);
        tell_after(1000, TRACE_PUT, 0, 0, 0);
    }
    for (uint32_t slot = 0; slot < 9; slot++) {
        tell(TRACE_GET, 0, 0, slot);
    }
    for (uint32_t slot = 0; slot < 9; slot++) {
        tell(TRACE_PUT, 0, 0, slot);
    }
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 9\n");
    struct usage *usage = usage_of_trace(trace);
    assert_int_equal(usage->classes[0].peak, 9);
    assert_int_equal(usage->classes[0].steady, 1);
    usage_free(usage);
    trace_unload(trace);
}

/* What is got once and kept for long is steady, however few gets made it. */
static void test_kept(void **state) {
    (void)state;
    tell_beginning(1, 1);
    for (int i = 0; i < 1000; i++) {
        tell(TRACE_GET, 0, 0, 0);
        tell(TRACE_PUT, 0, 0, 0);
    }
    tell(TRACE_GET, 0, 0, 0);
    tell(TRACE_GET, 0, 0, 1);
    tell_after(STORY_SECOND, TRACE_PUT, 0, 0, 0);
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 2\n");
    struct usage *usage = usage_of_trace(trace);
    assert_int_equal(usage->classes[0].steady, 2);
    usage_free(usage);
    trace_unload(trace);
}

/* A rise within two seconds is a burst, a slow one is not. */
static void test_burst(void **state) {
    (void)state;
    tell_beginning(1, 1);
    for (uint32_t slot = 0; slot < 8; slot++) {
        tell_after(3 * STORY_SECOND, TRACE_GET, 0, 0, slot);
    }
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 8\n");
    struct usage *usage = usage_of_trace(trace);
    assert_int_equal(usage->classes[0].burst, 1);
    usage_free(usage);
    trace_unload(trace);
}

static void test_site(void **state) {
    (void)state;
    tell_beginning(1, 0);
    tell_block(TRACE_MALLOC, 0, 0, 0, 100);
    tell_block(TRACE_CALLOC, 0, 0, 1, 0);
    tell_block(TRACE_REALLOC, 0, 0, 0, 3000);
    tell_block(TRACE_REALLOC, 0, 0, 0, 64);
    tell(TRACE_FREE, 0, 0, 1);
    struct trace *trace = tell_end(1, "site 0 a:text 0 0 2\n");
    struct usage *usage = usage_of_trace(trace);
    const struct class_usage *site = &usage->classes[0];
    assert_int_equal(site->gets, 2);
    assert_int_equal(site->reallocs, 2);
    assert_int_equal(site->peak_bytes, 3000);
    assert_int_equal(site->live_bytes, 64);
    assert_int_equal(site->sizes[usage_size_place(0)], 1);
    assert_int_equal(site->sizes[usage_size_place(100)], 1);
    assert_int_equal(site->sizes[usage_size_place(4096)], 1);
    assert_int_equal(usage_size_place(64) + 1, usage_size_place(65));
    assert_int_equal(usage_size_bound(usage_size_place(64)), 64);
    assert_int_equal(usage_size_place(UINT32_C(1) << 24), USAGE_SIZES - 1);
    usage_free(usage);
    trace_unload(trace);
}

/* A pool's time ends with it; what is put later is counted all the same. */
static void test_destroyed(void **state) {
    (void)state;
    tell_beginning(1, 1);
    tell(TRACE_GET, 0, 0, 0);
    tell(TRACE_GET, 0, 0, 1);
    tell_after(STORY_SECOND, TRACE_POOL_DESTROY, 0, 0, 0);
    tell(TRACE_PUT, 0, 0, 1);
    tell_after(30 * STORY_SECOND, TRACE_PUT, 0, 0, 0);
    struct trace *trace = tell_end(1, "pool 0 a:thing 100 4 2\n");
    struct usage *usage = usage_of_trace(trace);
    assert_int_equal(usage->classes[0].median, 2);
    assert_int_equal(usage->classes[0].puts, 2);
    assert_int_equal(usage->classes[0].live, 0);
    usage_free(usage);
    trace_unload(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_pool),      cmocka_unit_test(test_steady),
        cmocka_unit_test(test_kept),      cmocka_unit_test(test_burst),
        cmocka_unit_test(test_site),      cmocka_unit_test(test_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
