/* SPDX-License-Identifier: MIT */
/* The command from outside: what it prints, what it complains of, how it ends. */
/* Usage: test_command MEMPOOL TRACE */
#define _GNU_SOURCE /* memfd_create in command.h */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <mempool/mempool.h>

#include "command.h"
#include "forge.h"

#if TEST_HAS_JSON
#include <jansson.h>
#endif

static const char *trace_path;

#define SEE " (see mempool replay --help)\n"

static void test_help(void **state) {
    (void)state;
    struct run run = RUN("--help");
    assert_int_equal(run.status, 0);
    assert_string_equal(run.err, "");
    contains(run.out, "Usage: mempool VERB");
    contains(run.out, "\n  replay ");
    run = RUN("replay", "--help");
    assert_int_equal(run.status, 0);
    contains(run.out, "Usage: mempool replay [OPTION...] TRACE");
    contains(run.out, "--workers=N     threads that share the recorded threads' work, 1 to 64");
    run = RUN("--version");
    assert_int_equal(run.status, 0);
    assert_string_equal(run.out, "mempool " MEMPOOL_VERSION "\n");
}

static void test_bad_verbs(void **state) {
    (void)state;
    struct run run = run_to(NULL, (const char *const[]){NULL});
    assert_int_equal(run.status, 2);
    assert_string_equal(run.out, "");
    contains(run.err, "Usage: mempool VERB");
    is_refused(RUN("rewind"), "mempool: unknown verb 'rewind' (see mempool --help)\n");
    is_refused(RUN("--fast"), "mempool: unknown option '--fast' (see mempool --help)\n");
}

static void test_bad_options(void **state) {
    (void)state;
    is_refused(RUN("replay"), "mempool: replay: no TRACE given" SEE);
    is_refused(RUN("replay", ""), "mempool: replay: TRACE is empty: ''" SEE);
    is_refused(RUN("replay", "a", "b"), "mempool: replay: one TRACE at a time; unexpected 'b'" SEE);
    is_refused(RUN("replay", "--fast", "a"), "mempool: replay: unknown option '--fast'" SEE);
    is_refused(RUN("replay", "-x", "a"), "mempool: replay: unknown option '-x'" SEE);
    is_refused(RUN("replay", "--rounds"),
               "mempool: replay: a value is missing after '--rounds'" SEE);
    is_refused(RUN("replay", "--json=1", "a"),
               "mempool: replay: this option takes no value: '--json=1'" SEE);
    static const char *const bad_numbers[] = {
        "0", "65", "-1", "+1", "1x", "", " 1", "0x1", "18446744073709551617"};
    for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(bad_numbers[0]); i++) {
        char option[64], line[200];
        snprintf(option, sizeof(option), "--workers=%s", bad_numbers[i]);
        snprintf(line, sizeof(line),
                 "mempool: replay: --workers takes a number from 1 to 64, not '%s'" SEE,
                 bad_numbers[i]);
        is_refused(RUN("replay", option, "a"), line);
    }
    is_refused(RUN("replay", "--rounds=1001", "a"),
               "mempool: replay: --rounds takes a number from 1 to 1000, not '1001'" SEE);
    is_refused(RUN("replay", "--against=magic", "a"),
               "mempool: replay: --against: unknown contender 'magic'" SEE);
    is_refused(RUN("replay", "--against=malloc,", "a"),
               "mempool: replay: --against: unknown contender ''" SEE);
    is_refused(RUN("replay", "--against=malloc,malloc", "a"),
               "mempool: replay: --against: twice: 'malloc'" SEE);
    is_refused(RUN("replay", "--against=mempool", "a"),
               "mempool: replay: --against: always takes part: 'mempool'" SEE);
    is_refused(
        RUN("replay", "--against=a-name-that-is-longer-than-any-contender", "a"),
        "mempool: replay: --against: unknown contender 'a-name-that-is-longer-than-any-'" SEE);
}

static void test_bad_files(void **state) {
    (void)state;
    is_refused(RUN("replay", "/nonexistent"),
               "mempool: replay: /nonexistent: cannot open: No such file or directory\n");
    is_refused(RUN("replay", "two\nlines"),
               "mempool: replay: two?lines: cannot open: No such file or directory\n");
    is_refused(RUN("replay", "/"), "mempool: replay: /: is a directory\n");
    is_refused(RUN("replay", "/dev/null"), "mempool: replay: /dev/null: is not a regular file\n");
    is_refused(RUN("replay", "/proc/self/exe"),
               "mempool: replay: /proc/self/exe: is not a trace: not compressed with zstd\n");
}

/* A file that holds the given bytes, at a path that the command can open. */
static void write_file(char path[64], const void *bytes, size_t n) {
    snprintf(path, 64, "/tmp/mempool-test-%ld.trace.zst", (long)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static void refuses_file(const void *bytes, size_t n, const char *what) {
    char path[64], line[200];
    write_file(path, bytes, n);
    snprintf(line, sizeof(line), "mempool: replay: %s: %s\n", path, what);
    struct run run = RUN("replay", path);
    unlink(path);
    is_refused(run, line);
}

static void test_bad_traces(void **state) {
    (void)state;
    static const struct forge_event events[] = {
        {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
        {TRACE_POOL_NEW, 0, 0, 0},
        {TRACE_PUT, 0, 0, 0},
    };
    static const char pool[] = "pool 0 main:object 64 8 1\n";
    refuses_file("", 0, "is empty");
    refuses_file("text", 4, "is not a trace: not compressed with zstd");
    struct forge_text text = forge_standard(1, pool, events, 3);
    struct forge_text packed = forge_compress(text);
    refuses_file(packed.bytes, packed.n,
                 "event 2: put of object 0 of pool 0 (main:object), which is not live");
    refuses_file(packed.bytes, packed.n / 2, "is truncated: the compressed data ends early");
    free(packed.bytes);
    free(text.bytes);
    text = forge_standard(1, pool, events, 2);
    packed = forge_compress(text);
    refuses_file(packed.bytes, packed.n, "has no gets or allocations: nothing to replay");
    free(packed.bytes);
    free(text.bytes);
    static const struct forge_event heap_events[] = {
        {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
        {TRACE_FREE, 0, 0, 0},
    };
    text = forge_standard(1, "site 0 main:text 0 0 1\n", heap_events, 2);
    packed = forge_compress(text);
    refuses_file(packed.bytes, packed.n,
                 "event 1: free of object 0 of site 0 (main:text), which is not live");
    free(packed.bytes);
    free(text.bytes);
}

static void test_tables(void **state) {
    (void)state;
    struct run run = RUN("replay", "--rounds=2", trace_path);
    assert_string_equal(run.err, ""); /* no progress where there is no terminal */
    assert_int_equal(run.status, 0);
    contains(run.out, "150000 events of 25 threads: 75437 gets (55 % zeroed) from 24 pools");
    contains(run.out, "at most 995 objects live (110 KiB), 911 at the end");
    contains(run.out, "replay  1 worker, 2 rounds\n");
    contains(run.out, "\ncontender  ns/pair  ");
    contains(run.out, "\nmempool ");
    contains(run.out, "\nmalloc ");
    contains(run.out, "\nclassic ");
    contains(run.out, "\nOur pools at the end of the last round:\n");
    contains(run.out, "\nglusterfs:call_frame_t             176  ");
    contains(run.out, "\nThe process that measured our memory, at the end of the trace:\n");
    contains(run.out, " 100.00 %  what the system says");
    contains(run.out, "\nunexplained ");
    run = RUN("replay", "--rounds=1", "--workers=3", "--against=none", trace_path);
    assert_int_equal(run.status, 0);
    contains(run.out, "replay  3 workers, 1 round; ");
    assert_null(strstr(run.out, "\nmalloc "));
    run =
        RUN("replay", trace_path, "--rounds", "1", "--against", "harness,classic", "--no-progress");
    assert_int_equal(run.status, 0);
    contains(run.out, "\nharness ");
    assert_null(strstr(run.out, "\nmalloc "));
}

/* A trace with heap events, through every contender. */
static void test_heap(void **state) {
    (void)state;
    char path[64];
    struct forge_text text = forge_mixed();
    struct forge_text packed = forge_compress(text);
    write_file(path, packed.bytes, packed.n);
    free(packed.bytes);
    free(text.bytes);
    struct run run = RUN("replay", "--rounds=2", "--against=malloc,classic,harness", path);
    struct run two = RUN("replay", "--rounds=1", "--workers=2", path);
    unlink(path);
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    contains(run.out, "4000 events of 4 threads: ");
    contains(run.out, " mallocs (");
    contains(run.out, " zeroed) at 3 sites, ");
    contains(run.out, " reallocs, ");
    contains(run.out, "\nmempool ");
    contains(run.out, "\nclassic ");
    /* Pools and sites share their numbers: only pools are in the table of pools. */
    contains(run.out, "\na:small ");
    contains(run.out, "\nb:large ");
    assert_null(strstr(run.out, "first"));
    assert_int_equal(two.status, 0);
}

static void test_full_disk(void **state) {
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    struct run run = run_to("/dev/full", (const char *const[]){"replay", "--rounds=1",
                                                               "--against=none", trace_path, NULL});
    assert_int_equal(run.status, 1);
    assert_string_equal(run.err,
                        "mempool: replay: cannot write the output: No space left on device\n");
    run = run_to("/dev/full", (const char *const[]){"--help", NULL});
    assert_int_equal(run.status, 1);
    assert_string_equal(run.err, "mempool: cannot write the output: No space left on device\n");
}

#if TEST_HAS_JSON
static void check_contender(const json_t *contender, const char *name, size_t n_rounds) {
    const json_t *ns = json_object_get(contender, "ns_per_pair");
    const json_t *resident = json_object_get(contender, "resident");
    assert_string_equal(json_string_value(json_object_get(contender, "name")), name);
    double median = json_real_value(json_object_get(ns, "median"));
    assert_true(median > 0);
    assert_true(json_real_value(json_object_get(ns, "min")) <= median);
    assert_true(json_real_value(json_object_get(ns, "max")) >= median);
    assert_int_equal(json_array_size(json_object_get(ns, "rounds")), n_rounds);
    assert_true(json_real_value(json_object_get(contender, "ratio_to_mempool")) > 0);
    if (strcmp(name, "harness") == 0) {
        assert_true(json_is_null(resident));
        return;
    }
    json_int_t peak = json_integer_value(json_object_get(resident, "peak_growth_bytes"));
    assert_true(peak > 0);
    assert_true(json_integer_value(json_object_get(resident, "end_growth_bytes")) <= peak);
}

/* Only ours keeps one; what it consists of is all there is. */
static void check_ledger(const json_t *contender) {
    static const char *const terms[] = {"live",      "padding", "cached", "free",  "records",
                                        "libc_heap", "files",   "stack",  "named", "unexplained"};
    const json_t *ledger = json_object_get(contender, "ledger");
    if (strcmp(json_string_value(json_object_get(contender, "name")), "mempool") != 0) {
        assert_true(json_is_null(ledger));
        return;
    }
    json_int_t sum = -json_integer_value(json_object_get(ledger, "untouched"));
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        const json_t *term = json_object_get(ledger, terms[i]);
        assert_true(json_is_integer(term));
        sum += json_integer_value(term);
    }
    assert_int_equal(json_integer_value(json_object_get(ledger, "resident")), sum);
    assert_true(json_integer_value(json_object_get(ledger, "live")) > 80000);
    assert_true(json_integer_value(json_object_get(ledger, "named")) > 1 << 20);
}

/* The sums over the pools are those of the trace. */
static void check_pools(const json_t *pools) {
    json_int_t gets = 0, puts = 0, hot = 0;
    assert_int_equal(json_array_size(pools), 24);
    for (size_t i = 0; i < 24; i++) {
        const json_t *pool = json_array_get(pools, i);
        gets += json_integer_value(json_object_get(pool, "alloc_count"));
        puts += json_integer_value(json_object_get(pool, "put_count"));
        hot += json_integer_value(json_object_get(pool, "hot"));
        assert_int_equal(json_integer_value(json_object_get(pool, "misuses")), 0);
        assert_int_equal(json_integer_value(json_object_get(pool, "refused")), 0);
    }
    assert_int_equal(gets, 75437);
    assert_int_equal(puts, 74526);
    assert_int_equal(hot, 911);
    const json_t *inodes = json_array_get(pools, 21);
    assert_string_equal(json_string_value(json_object_get(inodes, "name")), "gv0-server:inode_t");
    assert_int_equal(json_integer_value(json_object_get(inodes, "object_bytes")), 168);
}

static void check_json(const char *workers, json_int_t n_workers) {
    struct run run = RUN("replay", "--json", "--rounds=3", workers,
                         "--against=malloc,harness,classic", trace_path);
    json_error_t error;
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    json_t *whole = json_loads(run.out, 0, &error);
    assert_non_null(whole);
    const json_t *trace = json_object_get(whole, "trace");
    assert_string_equal(json_string_value(json_object_get(trace, "file")), trace_path);
    assert_int_equal(json_integer_value(json_object_get(trace, "gets")), 75437);
    assert_int_equal(json_integer_value(json_object_get(trace, "sites")), 0);
    assert_int_equal(json_integer_value(json_object_get(trace, "mallocs")), 0);
    assert_int_equal(json_integer_value(json_object_get(trace, "peak_live_bytes")), 111784);
    assert_int_equal(json_integer_value(json_object_get(whole, "workers")), n_workers);
    json_int_t crossings = json_integer_value(json_object_get(whole, "crossings"));
    assert_true(n_workers == 1 ? crossings == 0 : crossings > 1000);
    const json_t *contenders = json_object_get(whole, "contenders");
    static const char *const names[] = {"mempool", "malloc", "harness", "classic"};
    assert_int_equal(json_array_size(contenders), 4);
    for (size_t i = 0; i < 4; i++) {
        check_contender(json_array_get(contenders, i), names[i], 3);
        check_ledger(json_array_get(contenders, i));
    }
    check_pools(json_object_get(whole, "pools"));
    json_decref(whole);
}

static void test_json(void **state) {
    (void)state;
    check_json("--workers=1", 1);
    check_json("--workers=2", 2);
}
#else
static void test_json(void **state) {
    (void)state;
    is_refused(RUN("replay", "--json", trace_path),
               "mempool: replay: --json: this build has no JSON (it was made without jansson)\n");
}
#endif

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("Usage: test_command MEMPOOL TRACE\n", stderr);
        return 2;
    }
    command_path = argv[1];
    trace_path = argv[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help),        cmocka_unit_test(test_bad_verbs),
        cmocka_unit_test(test_bad_options), cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_bad_traces),  cmocka_unit_test(test_tables),
        cmocka_unit_test(test_full_disk),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
