/* SPDX-License-Identifier: MIT */
/* What was live when, under which names, and which threads handed objects on. */
#include "story.h"

#include <string.h>

#include "analysis/flow.h"
#include "analysis/timeline.h"

static uint64_t sum_bytes(const struct timeline *timeline, size_t kind, size_t point) {
    uint64_t sum = 0;
    for (size_t track = 0; track <= TRACKS_NAMED; track++) {
        sum += timeline->live[kind][point][track].bytes;
    }
    return sum;
}

/* A rise to 5 objects that lasts no time, among much quiet: it is not lost. */
static void test_peak_is_kept(void **state) {
    (void)state;
    tell_beginning(1, 2);
    tell(TRACE_GET, 0, 1, 0);
    tell_after(5 * STORY_SECOND + STORY_SECOND / 100, TRACE_GET, 0, 0, 0);
    for (uint32_t slot = 1; slot < 5; slot++) {
        tell(TRACE_GET, 0, 0, slot);
    }
    for (uint32_t slot = 0; slot < 5; slot++) {
        tell(TRACE_PUT, 0, 0, slot);
    }
    tell_after(5 * STORY_SECOND, TRACE_GET, 0, 0, 0);
    struct trace *trace = tell_end(1, "pool 0 a:x 100 0 5\npool 1 b:y 10 0 1\n");
    struct usage *usage = usage_of_trace(trace);
    struct replay_memory memory = {0};
    struct tracks classes, components;
    assert_int_equal(tracks_of_classes(&classes, usage, &memory), 0);
    assert_int_equal(tracks_of_components(&components, usage, &memory), 0);
    assert_int_equal(classes.n, 2);
    assert_false(classes.has_rest);
    assert_string_equal(classes.names[0], "a:x");
    assert_string_equal(components.names[1], "b");
    struct timeline *timeline = timeline_of_trace(usage, &classes, &components);
    uint64_t most = 0;
    for (size_t point = 0; point < timeline->n_points; point++) {
        uint64_t bytes = sum_bytes(timeline, 0, point);
        assert_int_equal(bytes, sum_bytes(timeline, 1, point));
        most = bytes > most ? bytes : most;
        assert_true(point == 0 || timeline->at_ns[point - 1] <= timeline->at_ns[point]);
    }
    assert_int_equal(most, trace->peak_live_bytes);
    /* It is short: right before it and right behind, in the same part, 10 bytes are live. */
    size_t peak = 0;
    while (sum_bytes(timeline, 0, peak) != most) {
        peak++;
    }
    assert_int_equal(sum_bytes(timeline, 0, peak - 1), 10);
    assert_int_equal(sum_bytes(timeline, 0, peak + 1), 10);
    assert_true(timeline->at_ns[peak + 1] - timeline->at_ns[peak - 1] < timeline->bin_ns);
    assert_int_equal(sum_bytes(timeline, 0, 0), 0);
    assert_int_equal(sum_bytes(timeline, 0, timeline->n_points - 1), 110);
    assert_int_equal(timeline->at_ns[timeline->n_points - 1], usage->duration_ns);
    uint64_t gets = 0, puts = 0;
    for (size_t bin = 0; bin < TIMELINE_BINS; bin++) {
        gets += timeline->gets[bin];
        puts += timeline->puts[bin];
    }
    assert_int_equal(gets, trace->n_gets);
    assert_int_equal(puts, trace->n_puts);
    timeline_free(timeline);
    replay_memory_release(&memory);
    usage_free(usage);
    trace_unload(trace);
}

/* Thousands of events of all kinds: all that counts them comes to the same. */
static void test_sums_agree(void **state) {
    (void)state;
    struct trace *trace = NULL;
    struct trace_error error;
    struct forge_text text = forge_mixed();
    assert_int_equal(forge_load(text, &trace, &error), 0);
    free(text.bytes);
    struct usage *usage = usage_of_trace(trace);
    struct replay_memory memory = {0};
    struct tracks classes, components;
    assert_int_equal(tracks_of_classes(&classes, usage, &memory), 0);
    assert_int_equal(tracks_of_components(&components, usage, &memory), 0);
    struct timeline *timeline = timeline_of_trace(usage, &classes, &components);
    struct flow *flow = flow_of_trace(usage);
    uint64_t live = 0, bytes = 0, gets = 0, reallocs = 0, moved = 0, own = 0, most = 0;
    for (uint32_t class = 0; class < trace->n_classes; class ++) {
        const struct class_usage *of = &usage->classes[class];
        live += of->live;
        bytes += of->live_bytes;
        gets += of->gets;
        reallocs += of->reallocs;
        assert_int_equal(of->gets - of->puts, of->live);
        assert_true(of->peak <= trace->classes[class].slots && of->steady <= of->peak);
    }
    for (size_t i = 0; i <= FLOW_THREADS; i++) {
        own += flow->moved[i][i];
        for (size_t k = 0; k <= FLOW_THREADS; k++) {
            moved += flow->moved[i][k];
        }
    }
    for (size_t point = 0; point < timeline->n_points; point++) {
        uint64_t sum = sum_bytes(timeline, 0, point);
        most = sum > most ? sum : most;
    }
    assert_int_equal(live, trace->live_at_end);
    assert_int_equal(bytes, sum_bytes(timeline, 1, timeline->n_points - 1));
    assert_int_equal(gets, trace_pairs(trace));
    assert_int_equal(reallocs, trace->n_reallocations);
    assert_int_equal(moved, usage->puts);
    assert_int_equal(moved - own, usage->crossed);
    assert_int_equal(most, trace->peak_live_bytes);
    flow_free(flow);
    timeline_free(timeline);
    replay_memory_release(&memory);
    usage_free(usage);
    trace_unload(trace);
}

/* The largest have names; all others are one line; components are added up. */
static void test_tracks(void **state) {
    (void)state;
    enum { POOLS = 30 };
    static char lines[POOLS * 40];
    size_t used = 0;
    tell_beginning(1, POOLS);
    for (uint16_t pool = 0; pool < POOLS; pool++) {
        used += (size_t)snprintf(lines + used, sizeof(lines) - used, "pool %u c%u:p%u %u 0 1\n",
                                 (unsigned)pool, (unsigned)pool % 3, (unsigned)pool,
                                 (unsigned)pool * 10 + 1);
        tell(TRACE_GET, 0, pool, 0);
    }
    struct trace *trace = tell_end(1, lines);
    struct usage *usage = usage_of_trace(trace);
    struct replay_memory memory = {0};
    struct tracks classes, components;
    assert_int_equal(tracks_of_classes(&classes, usage, &memory), 0);
    assert_int_equal(classes.n, TRACKS_NAMED + 1);
    assert_true(classes.has_rest);
    assert_string_equal(classes.names[0], "c2:p29");
    assert_string_equal(classes.names[TRACKS_NAMED], "others");
    assert_int_equal(classes.of_class[29], 0);
    assert_int_equal(classes.of_class[0], TRACKS_NAMED);
    assert_int_equal(tracks_of_components(&components, usage, &memory), 0);
    assert_int_equal(components.n, 3);
    assert_string_equal(components.names[0], "c2");
    assert_int_equal(components.of_class[1], components.of_class[28]);
    replay_memory_release(&memory);
    usage_free(usage);
    trace_unload(trace);
}

static void test_flow(void **state) {
    (void)state;
    tell_beginning(3, 1);
    for (int i = 0; i < 10; i++) {
        tell(TRACE_GET, 2, 0, 0);
        tell(TRACE_PUT, i < 7 ? 0 : 2, 0, 0);
    }
    struct trace *trace = tell_end(3, "pool 0 a:x 100 0 1\n");
    struct usage *usage = usage_of_trace(trace);
    struct flow *flow = flow_of_trace(usage);
    assert_int_equal(flow->n, 2); /* thread 1 did nothing */
    assert_int_equal(flow->threads[0], 2);
    assert_int_equal(flow->threads[1], 0);
    assert_int_equal(flow->moved[0][0], 3);
    assert_int_equal(flow->moved[0][1], 7);
    assert_int_equal(flow->moved[1][0], 0);
    flow_free(flow);
    usage_free(usage);
    trace_unload(trace);
}

/* More threads than places: the least busy are the rest. */
static void test_flow_rest(void **state) {
    (void)state;
    enum { THREADS = FLOW_THREADS + 6 };
    tell_beginning(THREADS, 1);
    for (uint16_t thread = 0; thread < THREADS; thread++) {
        for (unsigned i = 0; i <= thread; i++) {
            tell(TRACE_GET, thread, 0, 0);
            tell(TRACE_PUT, thread, 0, 0);
        }
    }
    struct trace *trace = tell_end(THREADS, "pool 0 a:x 100 0 1\n");
    struct usage *usage = usage_of_trace(trace);
    struct flow *flow = flow_of_trace(usage);
    assert_int_equal(flow->n, FLOW_THREADS + 1);
    assert_true(flow->has_rest);
    assert_int_equal(flow->threads[0], THREADS - 1);
    assert_int_equal(flow->threads[FLOW_THREADS - 1], 6);
    assert_int_equal(flow->moved[FLOW_THREADS][FLOW_THREADS], 1 + 2 + 3 + 4 + 5 + 6);
    flow_free(flow);
    usage_free(usage);
    trace_unload(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peak_is_kept), cmocka_unit_test(test_sums_agree),
        cmocka_unit_test(test_tracks),       cmocka_unit_test(test_flow),
        cmocka_unit_test(test_flow_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
