/* SPDX-License-Identifier: MIT */
/* The trace reader: what it accepts, what it refuses, and what it says then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "forge.h"

#define POOLS "pool 0 main:small 24 16 2\npool 1 main:large 4000 8 1\n"
#define COLUMNS "columns op:u8 thread:u16 class:u16 slot:u32 dt:u32\n"
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Two threads, two pools, five objects' lives; one object is live at the end. */
static const struct forge_event good_events[] = {
    {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
    {TRACE_POOL_NEW, 0, 0, 0},
    {TRACE_POOL_NEW, 0, 1, 0},
    {TRACE_GET, 0, 0, 0},
    {TRACE_THREAD_START, 1, FORGE_NO_POOL, 0},
    {TRACE_GET0, 1, 0, 1},
    {TRACE_PUT, 1, 0, 0},
    {TRACE_GET, 1, 1, 0},
    {TRACE_PUT_FOREIGN, 1, FORGE_NO_POOL, 0},
    {TRACE_GET0, 0, 0, 0},
    {TRACE_THREAD_EXIT, 1, FORGE_NO_POOL, 0},
    {TRACE_POOL_DESTROY, 0, 0, 0},
    {TRACE_PUT, 0, 0, 0},
    {TRACE_PUT, 0, 0, 1},
};

static void loads(struct forge_text text, struct trace **ret) {
    struct trace_error error;
    int result = forge_load(text, ret, &error);
    if (result != 0) {
        fail_msg("refused: %s", error.text);
    }
}

/* The text is refused, and the message says so. */
static void refused(struct forge_text text, const char *says) {
    struct trace *trace = NULL;
    struct trace_error error;
    if (forge_load(text, &trace, &error) == 0) {
        trace_unload(trace);
        fail_msg("accepted, not refused with '%s'", says);
    }
    free(text.bytes);
    assert_null(trace);
    assert_int_equal(error.is_system, 0);
    assert_memory_equal(error.text, "/proc/self/fd/", 14);
    if (!strstr(error.text, says)) {
        fail_msg("says '%s', not '%s'", error.text, says);
    }
}

static void refused_bytes(const void *bytes, size_t n, const char *says) {
    struct trace *trace = NULL;
    struct trace_error error;
    assert_int_not_equal(forge_load_raw(bytes, n, &trace, &error), 0);
    assert_int_equal(error.is_system, 0);
    if (!strstr(error.text, says)) {
        fail_msg("says '%s', not '%s'", error.text, says);
    }
}

static void refused_header(const char *header, const char *says) {
    refused(forge_text(header, good_events, N_OF(good_events)), says);
}

static void refused_events(const struct forge_event *events, size_t n, const char *says) {
    refused(forge_standard(2, POOLS, events, n), says);
}

/* The good events with number `at` replaced. */
static void refused_with(size_t at, struct forge_event event, const char *says) {
    struct forge_event events[N_OF(good_events)];
    memcpy(events, good_events, sizeof(good_events));
    events[at] = event;
    refused_events(events, N_OF(events), says);
}

static void test_good(void **state) {
    (void)state;
    struct trace *trace;
    struct forge_text text = forge_standard(2, POOLS, good_events, N_OF(good_events));
    loads(text, &trace);
    free(text.bytes);
    assert_int_equal(trace->n_events, N_OF(good_events));
    assert_int_equal(trace->tick_ns, 16);
    assert_int_equal(trace->n_threads, 2);
    assert_int_equal(trace->n_pools, 2);
    assert_int_equal(trace->n_objects, 3);
    assert_string_equal(trace->classes[1].name, "main:large");
    assert_int_equal(trace->classes[1].object_bytes, 4000);
    assert_int_equal(trace->classes[1].count, 8);
    assert_int_equal(trace->classes[1].first_object, 2);
    assert_int_equal(trace->n_gets, 4);
    assert_int_equal(trace->n_zeroed_gets, 2);
    assert_int_equal(trace->n_puts, 3);
    assert_int_equal(trace->live_at_end, 1);
    assert_int_equal(trace->peak_live_objects, 3);
    assert_int_equal(trace->peak_live_bytes, 4048);
    assert_int_equal(trace->duration_ticks, N_OF(good_events));
    for (uint32_t i = 0; i < trace->n_events; i++) {
        assert_int_equal(trace_operation(trace, i), good_events[i].operation);
        assert_int_equal(trace_thread(trace, i), good_events[i].thread);
        assert_int_equal(trace_class(trace, i), good_events[i].class);
        assert_int_equal(trace_slot(trace, i), good_events[i].slot);
    }
    trace_unload(trace);
}

static void test_header_order_and_extras(void **state) {
    (void)state;
    struct trace *trace;
    struct forge_text text = forge_text(
        "pool 0 main:small 24 16 2\nphase 0 start of it\nphase 14 end\ninfo only-a-key\n"
        "thread 0 a name\nthread 1 b\npool 1 nocolon 4000 0 1\ntick_ns 1000000000\n" COLUMNS
        "events %u\n",
        good_events, N_OF(good_events));
    loads(text, &trace);
    free(text.bytes);
    assert_int_equal(trace->n_threads, 2);
    assert_string_equal(trace->classes[1].name, "nocolon");
    assert_string_equal(trace->thread_names[0], "a name");
    assert_string_equal(trace->thread_names[1], "b");
    assert_int_equal(trace->n_phases, 2);
    assert_string_equal(trace->phases[0].name, "start of it");
    assert_int_equal(trace->phases[1].first_event, 14);
    assert_int_equal(trace->n_infos, 1);
    assert_string_equal(trace->infos[0].key, "only-a-key");
    assert_string_equal(trace->infos[0].text, "");
    trace_unload(trace);
}

/* Columns may come in any order: one event, whose planes are then at other places. */
static void test_column_order(void **state) {
    (void)state;
    static const char text[] = "mempool-trace 1\nevents 1\ntick_ns 1\nthread 0 t\n"
                               "columns dt:u32 slot:u32 op:u8 class:u16 thread:u16\nend\n";
    static const char body[] = {4, 3, 2, 1, 9, 0, 0, 1, TRACE_THREAD_START, '\xff', '\xff', 0, 0};
    char all[sizeof(text) - 1 + sizeof(body)];
    struct trace *trace;
    memcpy(all, text, sizeof(text) - 1);
    memcpy(all + sizeof(text) - 1, body, sizeof(body));
    loads((struct forge_text){all, sizeof(all)}, &trace);
    assert_int_equal(trace_operation(trace, 0), TRACE_THREAD_START);
    assert_int_equal(trace_slot(trace, 0), 0x01000009);
    assert_int_equal(trace_class(trace, 0), 0xffff);
    assert_int_equal(trace->duration_ticks, 0x01020304);
    trace_unload(trace);
}

static void test_bad_files(void **state) {
    (void)state;
    struct trace *trace;
    struct trace_error error;
    assert_int_not_equal(trace_load(&trace, "/nonexistent/trace", &error), 0);
    assert_string_equal(error.text, "/nonexistent/trace: cannot open: No such file or directory");
    assert_int_not_equal(trace_load(&trace, "/proc", &error), 0);
    assert_string_equal(error.text, "/proc: is a directory");
    assert_int_not_equal(trace_load(&trace, "/dev/null", &error), 0);
    assert_string_equal(error.text, "/dev/null: is not a regular file");
    refused_bytes("", 0, ": is empty");
    refused_bytes("abc", 3, "is not a trace: not compressed with zstd");
    refused_bytes("mempool-trace 1\n", 16, "is not a trace: not compressed with zstd");
}

static void test_long_path(void **state) {
    (void)state;
    char path[4000];
    struct trace *trace;
    struct trace_error error;
    memset(path, 'x', sizeof(path) - 1);
    path[10] = '\n';
    path[sizeof(path) - 1] = '\0';
    assert_int_not_equal(trace_load(&trace, path, &error), 0);
    assert_non_null(strstr(error.text, "...: cannot open: File name too long"));
    assert_null(strchr(error.text, '\n'));
}

static void test_bad_compression(void **state) {
    (void)state;
    struct forge_text text = forge_standard(2, POOLS, good_events, N_OF(good_events));
    struct forge_text packed = forge_compress(text);
    free(text.bytes);
    for (size_t n = 4; n < packed.n; n++) {
        refused_bytes(packed.bytes, n, "is truncated");
    }
    char *longer = malloc(packed.n + 5);
    assert_non_null(longer);
    memcpy(longer, packed.bytes, packed.n);
    memcpy(longer + packed.n, "extra", 5);
    refused_bytes(longer, packed.n + 5, "is damaged");
    free(longer);
    free(packed.bytes);
    /* A frame without content whose header asks for a window of 256 MiB. */
    static const char wide[] = "\x28\xb5\x2f\xfd\x00\x90\x01\x00";
    refused_bytes(wide, sizeof(wide), "needs a zstd window above 128 MiB");
    /* A frame without content: no text. */
    static const char blank[] = "\x28\xb5\x2f\xfd\x20\x00\x01\x00";
    refused_bytes(blank, sizeof(blank), "is not a trace: does not begin with 'mempool-trace 1'");
}

/* zstd files may be put together from frames, and hold frames that mean nothing. */
static void test_many_frames(void **state) {
    (void)state;
    struct forge_text text = forge_standard(2, POOLS, good_events, N_OF(good_events));
    struct forge_text first = forge_compress((struct forge_text){text.bytes, 100});
    struct forge_text second = forge_compress((struct forge_text){text.bytes + 100, text.n - 100});
    static const char skipped[] = "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz";
    size_t n = sizeof(skipped) - 1;
    char *all = malloc(n + first.n + second.n);
    struct trace *trace;
    struct trace_error error;
    assert_non_null(all);
    memcpy(all, skipped, n);
    memcpy(all + n, first.bytes, first.n);
    memcpy(all + n + first.n, second.bytes, second.n);
    assert_int_equal(forge_load_raw(all, n + first.n + second.n, &trace, &error), 0);
    assert_int_equal(trace->n_gets, 4);
    trace_unload(trace);
    free(all);
    free(first.bytes);
    free(second.bytes);
    free(text.bytes);
}

static void test_bad_first_line(void **state) {
    (void)state;
    char other[] = "another text\nend\n";
    char bare[] = "mempool-trace 1";
    char version[] = "mempool-trace 27\nend\n";
    struct {
        char *text;
        const char *says;
    } cases[] = {
        {other, "is not a trace: does not begin with 'mempool-trace 1'"},
        {bare, "is truncated: the text ends within the header"},
        {version, "header line 1: format version '27'; this program reads version 1"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct trace *trace;
        struct trace_error error;
        struct forge_text text = {cases[i].text, strlen(cases[i].text)};
        assert_int_not_equal(forge_load(text, &trace, &error), 0);
        assert_non_null(strstr(error.text, cases[i].says));
    }
}

static void test_bad_header(void **state) {
    (void)state;
#define BEGIN "events %u\ntick_ns 1\n"
#define THREADS "thread 0 a\nthread 1 b\n"
    static const struct {
        const char *header, *says;
    } cases[] = {
        {"", "the header has no line 'events'"},
        {"events %u\n", "the header has no line 'tick_ns'"},
        {BEGIN, "the header has no line 'columns'"},
        {BEGIN COLUMNS, "the header has no line 'thread'"},
        {"events 0\n", "header line 2: the number of events is 0, outside 1 to 268435456"},
        {"events 1000000000000000\n", "is 1000000000000000, outside 1 to"},
        {"events 99999999999999999999\n", "is 99999999999999999999, outside 1 to"},
        {"events 999999999999999999999\n", "is not a number"},
        {"events -1\n", "the number of events is not a number: '-1'"},
        {"events 1e3\n", "is not a number: '1e3'"},
        {"events\n", "'events' takes 1 words, not 0"},
        {"events 1 2\n", "'events' takes 1 words, not 2"},
        {"events 1\nevents 1\n", "header line 3: a second 'events'"},
        {"tick_ns 0\n", "tick_ns is 0, outside 1 to 1000000000"},
        {"tick_ns 1\ntick_ns 1\n", "a second 'tick_ns'"},
        {COLUMNS COLUMNS, "a second 'columns'"},
        {"columns op:u8\n", "column 'thread:u16' is missing"},
        {"columns op:u16\n", "unknown column 'op:u16'"},
        {"columns op:u8 op:u8\n", "a second column 'op:u8'"},
        {"columns op:u8 colour:u8\n", "unknown column 'colour:u8'"},
        {"thread 1 a\n", "thread 1 where 0 is next"},
        {"thread 0 a\nthread 0 a\n", "header line 3: thread 0 where 1 is next"},
        {"thread 0\n", "'thread' needs a number and a name"},
        {"phase 1\n", "'phase' needs an event number and a name"},
        {"phase 5 a\nphase 4 b\n", "the phase's first event is 4, outside 5 to"},
        {BEGIN COLUMNS "phase 15 a\nthread 0 a\n", "a phase begins at event 15, of 14"},
        {"pool 0 a:b 1 1\n", "'pool' takes 5 words, not 4"},
        {"pool 0 a:b 1 1 1 1\n", "'pool' takes 5 words, not 6"},
        {"pool 1 a:b 1 1 1\n", "pool 1 where 0 is next"},
        {"pool 0 a:b 0 1 1\n", "the object size is 0, outside 1 to 16777216"},
        {"pool 0 a:b 16777217 1 1\n", "the object size is 16777217, outside"},
        {"pool 0 a:b 1 16777217 1\n", "the count is 16777217, outside 0 to 16777216"},
        {"pool 0 a:b 1048576 1024 1\n", "the pools ask for more than 1024 MiB at their creation"},
        {"pool 0 a:b 1 9000000 1\npool 1 a:b 1 9000000 1\n", "line 3: the pools ask for more"},
        {"pool 0 a:b 1 1 268435457\n", "the number of slots is 268435457, outside"},
        {"pool 0 a:b 1 1 268435456\npool 1 a:b 1 1 1\n",
         "pools and sites have more than 268435456 slots"},
        {BEGIN COLUMNS THREADS "pool 0 a:b 1 1 15\n",
         "pools and sites have 15 slots for 14 events"},
        {"\n", "header line 2: an empty line"},
        {"   \n", "header line 2: an empty line"},
        {"colour blue\n", "header line 2: unknown word 'colour'"},
        {"info tab\there\n", "header line 2: byte 9 is 0x09, not printable ASCII"},
        {"info caf\xc3\xa9\n", "byte 9 is 0xc3, not printable ASCII"},
        {"info carriage return\r\n", "byte 21 is 0x0d, not printable ASCII"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        refused_header(cases[i].header, cases[i].says);
    }
}

static void test_bad_sites(void **state) {
    (void)state;
    static const struct {
        const char *header, *says;
    } cases[] = {
        {"columns op:u8 size:u16\n", "unknown column 'size:u16'"},
        {"columns size:u32 size:u32\n", "a second column 'size:u32'"},
        {BEGIN COLUMNS THREADS "site 0 a:b 0 0 1\n", "has sites, but no column 'size:u32'"},
        {"site 0 a:b 0 0\n", "'site' takes 5 words, not 4"},
        {"site 0 a:b 1 0 1\n", "a site's third and fourth word are 0"},
        {"site 0 a:b 0 1 1\n", "a site's third and fourth word are 0"},
        {"site 1 a:b 0 0 1\n", "site 1 where 0 is next"},
        {"pool 0 a:b 1 1 1\nsite 0 a:b 0 0 1\n", "header line 3: site 0 where 1 is next"},
        {"site 0 a:b 0 0 1\npool 0 a:b 1 1 1\n", "header line 3: pool 0 where 1 is next"},
        {"site 0 a:b 0 0 268435457\n", "the number of slots is 268435457, outside"},
        {"site 65535 a:b 0 0 1\n", "its number is 65535, outside 0 to 65534"},
    };
    for (size_t i = 0; i < N_OF(cases); i++) {
        refused_header(cases[i].header, cases[i].says);
    }
}

static void test_long_name_and_long_word(void **state) {
    (void)state;
    char header[2000] = "pool 0 ";
    memset(header + 7, 'n', 256);
    strcpy(header + 7 + 256, " 1 1 1\n");
    refused_header(header, "a pool's name of more than 255 bytes");
    memset(header, 'w', 1500);
    strcpy(header + 1500, "\n");
    refused_header(header, "unknown word 'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww'");
}

static void test_endless_header(void **state) {
    (void)state;
    size_t n = (1 << 20) + (64 << 10);
    char *bytes = malloc(n);
    assert_non_null(bytes);
    memset(bytes, 'i', n);
    memcpy(bytes, "mempool-trace 1\n", 16);
    refused((struct forge_text){bytes, n}, "no header line 'end' within the first 1048576 bytes");
}

/* A header may claim much; neither it nor a bomb behind it gets memory for that. */
static void test_claims(void **state) {
    (void)state;
    char text[4096] = "mempool-trace 1\nevents 268435456\ntick_ns 1\n" COLUMNS
                      "thread 0 t\npool 0 a:b 1 1 1\nend\n";
    struct trace *trace;
    struct trace_error error;
    assert_int_not_equal(forge_load((struct forge_text){text, sizeof(text)}, &trace, &error), 0);
    assert_non_null(strstr(error.text, "claims 268435456 events, too many for a file of "));
    struct forge_text cut = forge_standard(2, POOLS, good_events, N_OF(good_events));
    cut.n--;
    refused(cut, "is truncated: the text ends within its columns");
    struct forge_text grown =
        forge_text("events 13\ntick_ns 16\n" COLUMNS "thread 0 a\nthread 1 b\n" POOLS, good_events,
                   N_OF(good_events));
    refused(grown, "more text than the 13 events of the header");
}

/* Text behind the columns that comes only after the step in which the header was read. */
static void test_late_extra(void **state) {
    (void)state;
    enum { N = 5000 };
    static struct forge_event events[N] = {{TRACE_THREAD_START, 0, FORGE_NO_POOL, 0}};
    for (size_t i = 1; i < N; i++) {
        events[i] = (struct forge_event){TRACE_PUT_FOREIGN, 0, FORGE_NO_POOL, 0};
    }
    struct forge_text text = forge_standard(2, POOLS, events, N);
    struct forge_text longer = {malloc(text.n + 1), text.n + 1};
    assert_non_null(longer.bytes);
    memcpy(longer.bytes, text.bytes, text.n);
    longer.bytes[text.n] = 'x';
    free(text.bytes);
    refused(longer, "more text than the 5000 events of the header");
}

static void test_bad_events(void **state) {
    (void)state;
    refused_with(3, (struct forge_event){12, 0, 0, 0}, "event 3: unknown operation 12");
    refused_with(3, (struct forge_event){TRACE_MALLOC, 0, 0, 0},
                 "event 3: operation 8 names pool 0 (main:small)");
    refused_with(3, (struct forge_event){TRACE_FREE, 0, 2, 0}, "event 3: site 2, of 2");
    refused_with(3, (struct forge_event){0x80 | TRACE_PUT, 0, 0, 0},
                 "event 3: operation 0x82: the object's get is not in the trace");
    refused_with(3, (struct forge_event){TRACE_GET, 2, 0, 0}, "event 3: thread 2, of 2");
    refused_with(3, (struct forge_event){TRACE_GET, 1, 0, 0}, "event 3: thread 1 has not started");
    refused_with(3, (struct forge_event){TRACE_THREAD_START, 0, 0, 0},
                 "event 3: thread 0 starts a second time");
    refused_with(11, (struct forge_event){TRACE_PUT, 1, 0, 0}, "event 11: thread 1 has ended");
    refused_with(11, (struct forge_event){TRACE_THREAD_START, 1, 0, 0},
                 "event 11: thread 1 starts a second time");
    refused_with(3, (struct forge_event){TRACE_GET, 0, 2, 0}, "event 3: pool 2, of 2");
    refused_with(3, (struct forge_event){TRACE_GET, 0, FORGE_NO_POOL, 0},
                 "event 3: pool 65535, of 2");
    refused_with(3, (struct forge_event){TRACE_GET, 0, 0, 2},
                 "event 3: slot 2 of pool 0 (main:small), which has 2");
    refused_with(3, (struct forge_event){TRACE_PUT, 0, 1, 0xffffffff},
                 "event 3: slot 4294967295 of pool 1 (main:large), which has 1");
    refused_with(5, (struct forge_event){TRACE_GET, 1, 0, 0},
                 "event 5: get of object 0 of pool 0 (main:small), which is live");
    refused_with(6, (struct forge_event){TRACE_PUT, 1, 1, 0},
                 "event 6: put of object 0 of pool 1 (main:large), which is not live");
    refused_with(2, (struct forge_event){TRACE_GET, 0, 1, 0},
                 "event 2: get of object 0 of pool 1 (main:large), which does not exist at");
    refused_with(12, (struct forge_event){TRACE_GET, 0, 0, 1}, "which does not exist at");
    refused_with(2, (struct forge_event){TRACE_POOL_NEW, 0, 0, 0},
                 "event 2: pool 0 is created a second time");
    refused_with(12, (struct forge_event){TRACE_POOL_NEW, 0, 0, 0},
                 "event 12: pool 0 is created a second time");
    refused_with(12, (struct forge_event){TRACE_POOL_DESTROY, 0, 0, 0},
                 "event 12: pool 0 is destroyed but does not exist");
    refused_with(1, (struct forge_event){TRACE_POOL_DESTROY, 0, 0, 0},
                 "event 1: pool 0 is destroyed but does not exist");
}

/* ---- heap events ---- */

#define HEAP_CLASSES "site 0 main:text 0 0 2\npool 1 main:object 64 8 1\nsite 2 other:text 0 0 1\n"

/* Every operation of a heap; one block is live at the end. */
static const struct forge_event heap_events[] = {
    {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0, 0},
    {TRACE_THREAD_START, 1, FORGE_NO_POOL, 0, 0},
    {TRACE_POOL_NEW, 0, 1, 0, 0},
    {TRACE_MALLOC, 0, 0, 0, 100},
    {TRACE_CALLOC, 1, 2, 0, 0},
    {TRACE_REALLOC, 1, 0, 0, 0x01020304 >> 8},
    {TRACE_GET, 0, 1, 0, 0},
    {TRACE_MALLOC, 0, 0, 1, 16777216},
    {TRACE_FREE, 1, 0, 0, 0},
    {TRACE_PUT, 1, 1, 0, 0},
    {TRACE_REALLOC, 0, 0, 1, 0},
    {TRACE_CALLOC, 0, 0, 0, 7},
    {TRACE_FREE, 0, 0, 1, 12345}, /* the size of a free is not looked at */
    {TRACE_FREE, 0, 2, 0, 0},
};

static void test_good_heap(void **state) {
    (void)state;
    struct trace *trace;
    struct forge_text text = forge_standard(2, HEAP_CLASSES, heap_events, N_OF(heap_events));
    loads(text, &trace);
    free(text.bytes);
    assert_int_equal(trace->n_classes, 3);
    assert_int_equal(trace->n_pools, 1);
    assert_int_equal(trace->n_sites, 2);
    assert_int_equal(trace->n_objects, 4);
    assert_true(trace->classes[2].is_site);
    assert_false(trace->classes[1].is_site);
    assert_string_equal(trace->classes[2].name, "other:text");
    assert_int_equal(trace->classes[2].first_object, 3);
    assert_int_equal(trace->n_gets, 1);
    assert_int_equal(trace->n_puts, 1);
    assert_int_equal(trace->n_allocations, 4);
    assert_int_equal(trace->n_zeroed_allocations, 2);
    assert_int_equal(trace->n_reallocations, 2);
    assert_int_equal(trace->n_frees, 3);
    assert_int_equal(trace_pairs(trace), 5);
    assert_int_equal(trace->live_at_end, 1);
    assert_int_equal(trace->peak_live_objects, 4);
    assert_int_equal(trace->peak_live_bytes, 0x010203 + 64 + 16777216);
    for (uint32_t i = 0; i < trace->n_events; i++) {
        assert_int_equal(trace_operation(trace, i), heap_events[i].operation);
        assert_int_equal(trace_bytes(trace, i), heap_events[i].bytes);
    }
    trace_unload(trace);
    text = forge_mixed();
    loads(text, &trace);
    free(text.bytes);
    assert_true(trace->n_reallocations > 300);
    trace_unload(trace);
}

static void refused_heap_with(size_t at, struct forge_event event, const char *says) {
    struct forge_event events[N_OF(heap_events)];
    memcpy(events, heap_events, sizeof(heap_events));
    events[at] = event;
    refused(forge_standard(2, HEAP_CLASSES, events, N_OF(events)), says);
}

static void test_bad_heap(void **state) {
    (void)state;
    refused_heap_with(3, (struct forge_event){TRACE_FREE, 0, 0, 0},
                      "event 3: free of object 0 of site 0 (main:text), which is not live");
    refused_heap_with(3, (struct forge_event){TRACE_REALLOC, 0, 0, 0, 5},
                      "event 3: realloc of object 0 of site 0 (main:text), which is not live");
    refused_heap_with(5, (struct forge_event){TRACE_MALLOC, 0, 0, 0, 5},
                      "event 5: allocation of object 0 of site 0 (main:text), which is live");
    refused_heap_with(5, (struct forge_event){TRACE_CALLOC, 0, 2, 0, 5},
                      "event 5: allocation of object 0 of site 2 (other:text), which is live");
    refused_heap_with(13, (struct forge_event){TRACE_FREE, 0, 0, 1},
                      "event 13: free of object 1 of site 0 (main:text), which is not live");
    refused_heap_with(3, (struct forge_event){TRACE_MALLOC, 0, 0, 2, 5},
                      "event 3: slot 2 of site 0 (main:text), which has 2");
    refused_heap_with(3, (struct forge_event){TRACE_MALLOC, 0, 1, 0, 5},
                      "event 3: operation 8 names pool 1 (main:object)");
    refused_heap_with(6, (struct forge_event){TRACE_GET, 0, 2, 0},
                      "event 6: operation 0 names site 2 (other:text)");
    refused_heap_with(2, (struct forge_event){TRACE_POOL_NEW, 0, 0, 0},
                      "event 2: operation 5 names site 0 (main:text)");
    refused_heap_with(3, (struct forge_event){TRACE_MALLOC, 0, 3, 0, 5}, "event 3: site 3, of 3");
    refused_heap_with(3, (struct forge_event){TRACE_MALLOC, 0, 0, 0, 16777217},
                      "event 3: a block of 16777217 bytes, more than 16777216");
    refused_heap_with(5, (struct forge_event){TRACE_REALLOC, 0, 0, 0, 0xffffffff},
                      "event 5: a block of 4294967295 bytes, more than 16777216");
    refused_heap_with(3, (struct forge_event){TRACE_MALLOC, 2, 0, 0, 5}, "event 3: thread 2, of 2");
    struct forge_text cut = forge_standard(2, HEAP_CLASSES, heap_events, N_OF(heap_events));
    cut.n--;
    refused(cut, "is truncated: the text ends within its columns");
}

/* A realloc counts with its difference: 256 blocks that grow are too much, one by turns is not. */
static void test_live_blocks(void **state) {
    (void)state;
    enum { N = 602 };
    static struct forge_event events[N] = {{TRACE_THREAD_START, 0, FORGE_NO_POOL, 0}};
    for (uint32_t i = 1; i < N; i++) {
        events[i] = i <= 300 ? (struct forge_event){TRACE_MALLOC, 0, 0, i - 1, 1}
                             : (struct forge_event){TRACE_REALLOC, 0, 0, i - 301, 16777216};
    }
    refused(forge_standard(1, "site 0 a:huge 0 0 301\n", events, 600),
            "event 556: more than 4096 MiB are live");
    for (uint32_t i = 301; i < N; i++) {
        events[i] = (struct forge_event){TRACE_REALLOC, 0, 0, 0, i % 2 ? 16777216 : 1};
    }
    struct trace *trace;
    struct forge_text text = forge_standard(1, "site 0 a:huge 0 0 301\n", events, N);
    loads(text, &trace);
    free(text.bytes);
    assert_int_equal(trace->peak_live_bytes, 16777216 + 299);
    trace_unload(trace);
}

/* 16 MiB each: the 257th is more than a replay may need. */
static void test_too_much_live(void **state) {
    (void)state;
    enum { N = 302 };
    static struct forge_event events[N] = {{TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
                                           {TRACE_POOL_NEW, 0, 0, 0}};
    for (uint32_t i = 2; i < N; i++) {
        events[i] = (struct forge_event){TRACE_GET, 0, 0, i - 2};
    }
    refused(forge_standard(1, "pool 0 a:huge 16777216 0 300\n", events, N),
            "event 257: more than 4096 MiB are live");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),           cmocka_unit_test(test_header_order_and_extras),
        cmocka_unit_test(test_column_order),   cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_long_path),      cmocka_unit_test(test_bad_compression),
        cmocka_unit_test(test_many_frames),    cmocka_unit_test(test_bad_first_line),
        cmocka_unit_test(test_bad_header),     cmocka_unit_test(test_long_name_and_long_word),
        cmocka_unit_test(test_endless_header), cmocka_unit_test(test_claims),
        cmocka_unit_test(test_late_extra),     cmocka_unit_test(test_bad_events),
        cmocka_unit_test(test_too_much_live),  cmocka_unit_test(test_good_heap),
        cmocka_unit_test(test_bad_sites),      cmocka_unit_test(test_bad_heap),
        cmocka_unit_test(test_live_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
