/* SPDX-License-Identifier: MIT */
/* From the stream of a recording to a trace: what is told twice, lost, or beyond what it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/recording.h"
#include "record/stream.h"
#include "replay/trace.h"

#include <errno.h>

#define A UINT64_C(0x7f0000001000)
#define B UINT64_C(0x7f0000002000)

enum { STREAM_BYTES_MAX = 64 << 20, HEADER_THREADS = 40000 };

static char path[] = "/tmp/mempool-test-XXXXXX";
static char *stream;
static size_t stream_bytes;
static struct trace *trace;

/* ---- a stream by hand ------------------------------------------------------------------------ */

static void add(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                uint32_t bytes) {
    struct stream_event event = {
        .kind_and_thread = (uint32_t)kind | thread << STREAM_KIND_BITS,
        .ns = 640,
        .object = object,
        .class = class,
        .bytes = bytes,
    };
    assert_true(stream_bytes + sizeof event <= STREAM_BYTES_MAX);
    memcpy(stream + stream_bytes, &event, sizeof event);
    stream_bytes += sizeof event;
}

static void add_text(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                     const char *text) {
    uint32_t n = (uint32_t)strlen(text);
    add(kind, thread, object, class, n);
    memset(stream + stream_bytes, 0, stream_text_padded(n));
    memcpy(stream + stream_bytes, text, n);
    stream_bytes += stream_text_padded(n);
}

static void begin(void) {
    stream_bytes = 0;
    add_text(STREAM_BEGIN, 0, STREAM_MAGIC, 123, "by hand");
}

/* One thread, pool 7 and account 3. */
static void begin_usual(void) {
    begin();
    add_text(STREAM_POOL, 0, 64, 7, "10 a pool:of things");
    add_text(STREAM_ACCOUNT, 0, 0, 3, "part:kind");
    add(STREAM_READY, 0, 0, 0, 0);
    add_text(STREAM_THREAD, 1, 99, 0, "worker");
}

/* In pieces of so many bytes. */
static int feed(struct recording *recording, size_t piece) {
    int result = RECORDING_MORE;
    for (size_t at = 0; at < stream_bytes && result == RECORDING_MORE; at += piece) {
        size_t left = stream_bytes - at;
        result = recording_read(recording, stream + at, left < piece ? left : piece);
    }
    return result;
}

/* Make a trace of it and load that. */
static struct recording_sums convert(size_t piece, uint64_t events_max, int wanted) {
    struct recording *recording;
    struct trace_error error;
    trace_unload(trace);
    trace = NULL;
    assert_int_equal(recording_new(&recording, path, events_max), 0);
    assert_int_equal(feed(recording, piece), wanted);
    assert_int_equal(recording_finish(recording), 0);
    struct recording_sums sums = *recording_sums(recording);
    recording_free(recording);
    if (trace_load(&trace, path, &error) != 0) {
        fail_msg("the trace is refused: %s", error.text);
    }
    assert_int_equal(trace->n_events, sums.events);
    return sums;
}

static struct recording_sums convert_whole(void) {
    add(STREAM_END, 0, 0, 0, 0);
    return convert(stream_bytes, UINT64_MAX, RECORDING_DONE);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_usual(void **state) {
    (void)state;
    for (size_t piece = 1; piece < 60; piece += 7) {
        begin_usual();
        add(STREAM_GET, 1, A, 7, 0);
        add(STREAM_GET_ZEROED, 1, B, 7, 0);
        add(STREAM_PUT, 1, A, 0, 0);
        add(STREAM_GET, 1, A, 7, 0);
        add(STREAM_MALLOC, 1, A + 64, 3, 100);
        add(STREAM_EXIT, 1, 0, 0, 0);
        add(STREAM_END, 0, 5, 0, 0);
        struct recording_sums sums = convert(piece, UINT64_MAX, RECORDING_DONE);
        assert_int_equal(sums.lost, 5);
        assert_int_equal(trace->n_classes, 2);
        assert_string_equal(trace->classes[0].name, "a_pool:of_things");
        assert_int_equal(trace->classes[0].slots, 2);
        assert_int_equal(trace->classes[0].count, 10);
        assert_string_equal(trace->classes[1].name, "part:kind");
        assert_int_equal(trace->n_gets, 3);
        assert_int_equal(trace->n_zeroed_gets, 1);
        assert_int_equal(trace->live_at_end, 3);
        assert_int_equal(trace->n_threads, 2);
        assert_int_equal(trace->tick_ns, 64);
        assert_int_equal(trace_wide(&trace->delta_ticks, 5), 10);
    }
}

static void test_before(void **state) {
    (void)state;
    begin();
    add_text(STREAM_POOL, 0, 64, 7, "0 a:b");
    add_text(STREAM_POOL, 0, 64, 8, "0 a:zombie");
    add_text(STREAM_ACCOUNT, 0, 0, 3, "part:kind");
    add(STREAM_LIVE, 0, A, 7, 0);
    add(STREAM_LIVE, 0, B, 8, 0);
    add(STREAM_LIVE_BLOCK, 0, A + 64, 3, 10);
    add(STREAM_DESTROY, 0, 0, 8, 0);
    add(STREAM_READY, 0, 0, 0, 0);
    add_text(STREAM_THREAD, 1, 99, 0, "worker");
    add(STREAM_GET, 1, A, 7, 0); /* was under way: told twice */
    add(STREAM_PUT, 1, A, 0, 0);
    add(STREAM_PUT, 1, B, 0, 0);
    add_text(STREAM_ACCOUNT, 0, 0, 4, "part:other");
    add(STREAM_MALLOC, 1, A + 64, 4, 20); /* its tag was not written when it was told */
    struct recording_sums sums = convert_whole();
    assert_int_equal(sums.live_before, 3);
    assert_int_equal(sums.gets, 0);
    assert_int_equal(sums.puts, 2);
    assert_int_equal(trace->n_allocations, 2);
    assert_int_equal(trace->live_at_end, 1);
}

static void test_lost(void **state) {
    (void)state;
    begin_usual();
    add(STREAM_GET, 1, A, 7, 0);
    add(STREAM_GET, 1, A, 7, 0);   /* its put was lost */
    add(STREAM_PUT, 1, B, 0, 0);   /* its get was */
    add(STREAM_PUT, 1, A, 0, 0);
    add(STREAM_REALLOC, 1, B, 3, 50); /* its malloc was */
    add(STREAM_PUT, 1, B, 0, 0);
    add(STREAM_GET, 1, A, 12, 0); /* of a pool that nobody knows */
    struct recording_sums sums = convert_whole();
    assert_int_equal(sums.mended, 2);
    assert_int_equal(sums.unknown, 1);
    assert_int_equal(trace->n_gets, 2);
    assert_int_equal(trace->n_puts, 2);
    assert_int_equal(trace->n_frees, 1);
    assert_int_equal(trace->live_at_end, 0);
    assert_int_equal(trace->classes[0].slots, 1);
}

static void test_moves(void **state) {
    (void)state;
    begin_usual();
    add(STREAM_MALLOC, 1, A, 3, 10);
    add(STREAM_MOVE, 1, A, 0, 0);
    add(STREAM_REALLOC, 1, B, 3, 1000);
    add(STREAM_PUT, 1, A, 0, 0); /* of the move: no event */
    add(STREAM_MALLOC, 1, A, 3, 5);
    add(STREAM_REALLOC, 1, A, 3, 6);
    add(STREAM_MOVE, 1, B, 0, 0);
    add(STREAM_REALLOC, 1, B + 64, 3, 2000);
    add(STREAM_MALLOC, 1, B, 3, 5); /* the put of the move was lost */
    add(STREAM_PUT, 1, B + 64, 0, 0);
    struct recording_sums sums = convert_whole();
    assert_int_equal(sums.mended + sums.unknown, 0);
    assert_int_equal(trace->n_reallocations, 3);
    assert_int_equal(trace->n_allocations, 3);
    assert_int_equal(trace->n_frees, 1);
    assert_int_equal(trace->live_at_end, 2);
}

static void test_pools_come_and_go(void **state) {
    (void)state;
    begin_usual();
    add(STREAM_GET, 1, A, 7, 0);
    add(STREAM_DESTROY, 1, 0, 7, 0);
    add(STREAM_DESTROY, 1, 0, 7, 0);
    add(STREAM_GET, 1, B, 7, 0); /* misuse */
    add_text(STREAM_POOL, 1, 100, 7, "0 its:successor");
    add(STREAM_PUT, 1, A, 0, 0);
    add(STREAM_GET, 1, B, 7, 0);
    add_text(STREAM_POOL, 1, 100, 7, "99999999999 the:next"); /* the end of the second was lost */
    struct recording_sums sums = convert_whole();
    assert_int_equal(sums.pools, 3);
    assert_int_equal(trace->n_gets, 2);
    assert_int_equal(trace->n_puts, 1);
    assert_int_equal(trace->classes[3].count, 0); /* more than a replay would make ready */
}

static void test_cuts(void **state) {
    (void)state;
    begin_usual();
    add(STREAM_MALLOC, 1, A, 3, 17 << 20);
    add_text(STREAM_POOL, 1, UINT64_C(1) << 33, 9, "0 too:large");
    add(STREAM_TIME, 0, UINT64_C(3600) * 1000000000, 0, 0);
    add(STREAM_PUT, 1, A, 0, 0);
    struct recording_sums sums = convert_whole();
    assert_int_equal(sums.cut_sizes, 2);
    assert_int_equal(sums.cut_waits, 1);
    assert_int_equal(trace->peak_live_bytes, 16 << 20);
}

static void test_limits(void **state) {
    (void)state;
    begin_usual();
    for (int i = 0; i < 10; i++) {
        add(STREAM_GET, 1, A + (uint64_t)i * 64, 7, 0);
    }
    struct recording_sums sums = convert(stream_bytes, 8, RECORDING_DONE);
    assert_non_null(sums.limit);
    assert_int_equal(sums.events, 8);
    assert_int_equal(sums.gets, trace->n_gets);

    begin_usual();
    for (uint32_t i = 2; i < HEADER_THREADS; i++) {
        add_text(STREAM_THREAD, i, 1, 0, "one of so many");
    }
    sums = convert(stream_bytes, UINT64_MAX, RECORDING_DONE);
    assert_non_null(strstr(sums.limit, "header"));
    assert_in_range(sums.threads, 5000, HEADER_THREADS);
}

static void damaged(void) {
    struct recording *recording;
    assert_int_equal(recording_new(&recording, path, UINT64_MAX), 0);
    assert_int_equal(feed(recording, stream_bytes), -EBADMSG);
    recording_free(recording);
}

static void test_damage(void **state) {
    (void)state;
    begin_usual();
    add(STREAM_KINDS, 1, 0, 0, 0);
    damaged();
    begin_usual();
    add(STREAM_GET, 2, A, 7, 0); /* a thread that was not announced */
    damaged();
    begin_usual();
    add_text(STREAM_THREAD, 3, 1, 0, "not the next");
    damaged();
    begin_usual();
    add(STREAM_GET, 1, A, 1 << 16, 0);
    damaged();
    begin_usual();
    add_text(STREAM_POOL, 1, 64, 5, "no number");
    damaged();
    begin_usual();
    add_text(STREAM_POOL, 1, 0, 5, "1 no:bytes");
    damaged();
    begin_usual();
    add(STREAM_ACCOUNT, 1, 0, 5, STREAM_TEXT_BYTES_MAX + 1);
    damaged();
    begin();
    begin_usual();
    memcpy(stream + 8, "another.", 8);
    damaged();
    begin_usual();
    add_text(STREAM_BEGIN, 0, STREAM_MAGIC, 123, "again");
    damaged();
}

static int set_up(void **state) {
    (void)state;
    int fd = mkstemp(path);
    stream = malloc(STREAM_BYTES_MAX);
    return fd >= 0 && close(fd) == 0 && stream != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    trace_unload(trace);
    free(stream);
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),   cmocka_unit_test(test_before),
        cmocka_unit_test(test_lost),    cmocka_unit_test(test_moves),
        cmocka_unit_test(test_pools_come_and_go),
        cmocka_unit_test(test_cuts),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
