/* SPDX-License-Identifier: MIT */
/* `mempool leaks` from outside: what it prints of a snapshot, and the lines of this program. */
/* Usage: test_leaks MEMPOOL */
#define _GNU_SOURCE /* memfd_create in command.h */
#include "snapshot_files.h"

#include <stdbool.h>
#include <stdlib.h>

#if TEST_HAS_JSON
#include <jansson.h>
#endif

#define SEE " (see mempool leaks --help)\n"

static void test_help(void **state) {
    (void)state;
    struct run run = RUN("leaks", "--help");
    assert_int_equal(run.status, 0);
    assert_string_equal(run.err, "");
    contains(run.out, "Usage: mempool leaks [OPTION...] PID|SNAPSHOT");
    contains(RUN("--help").out, "\n  leaks ");
    /* A build that cannot do it says so. */
    assert_int_equal(strstr(run.out, "without elfutils") != NULL, !TEST_HAS_LINES);
}

static void test_bad_options(void **state) {
    (void)state;
    is_refused(RUN("leaks"), "mempool: leaks: no PID or SNAPSHOT given" SEE);
    is_refused(RUN("leaks", "a", "b"),
               "mempool: leaks: one snapshot at a time; unexpected 'b'" SEE);
    is_refused(RUN("leaks", "--all", "a"), "mempool: leaks: unknown option '--all'" SEE);
    is_refused(RUN("leaks", "-x", "a"), "mempool: leaks: unknown option '-x'" SEE);
    is_refused(RUN("leaks", "--min-age"),
               "mempool: leaks: a value is missing after '--min-age'" SEE);
    is_refused(RUN("leaks", "--no-lines=1", "a"),
               "mempool: leaks: this option takes no value: '--no-lines=1'" SEE);
    is_refused(RUN("leaks", "--min-age=1048577", "a"),
               "mempool: leaks: --min-age takes a number from 0 to 1048576, not '1048577'" SEE);
    is_refused(RUN("leaks", "--min-age=", "a"),
               "mempool: leaks: --min-age takes a number from 0 to 1048576, not ''" SEE);
    is_refused(RUN("leaks", "--top=0", "a"),
               "mempool: leaks: --top takes a number from 1 to 1000000, not '0'" SEE);
    is_refused(RUN("leaks", "/nonexistent"),
               "mempool: leaks: /nonexistent: cannot open: No such file or directory\n");
}

static void test_table(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "640\t10\t7\ttest:thing\tmain+0x10" NO_IMAGE
                            "4000\t1\t90\tplug:text\tread+0x1" NO_IMAGE
                            "60\t1\t8\ttest:thing\tmain+0x10" NO_IMAGE /* two pools of that name */
                            "640\t2\t9\ttest:other\tmain+0x20" NO_IMAGE
                            "640\t2\t9\tmore:other\tmain+0x20" NO_IMAGE
                            "18\t9\t0\t(rest)\t?" NO_IMAGE "end 6\n");
    prints(RUN("leaks", paths[BEFORE]), "bytes  count  oldest s  what        got at\n"
                                        " 4000      1        90  plug:text   read+0x1\n"
                                        "  700     11         8  test:thing  main+0x10\n"
                                        "  640      2         9  more:other  main+0x20\n"
                                        "  640      2         9  test:other  main+0x20\n"
                                        "   18      9         0  (rest)      ?\n"
                                        " 5998     25        90  total       5 of 5 lines shown\n");
    prints(RUN("leaks", "--top=1", "--min-age=9", paths[BEFORE]),
           "bytes  count  oldest s  what       got at\n"
           " 4000      1        90  plug:text  read+0x1\n"
           " 5998     25        90  total      1 of 3 lines shown\n");
    prints(RUN("leaks", "--min-age=91", paths[BEFORE]),
           "bytes  count  oldest s  what   got at\n"
           " 5998     25        90  total  0 of 0 lines shown\n");
}

static void test_default_top(void **state) {
    (void)state;
    int fd = create(BEFORE);
    assert_true(dprintf(fd, HEAD) > 0);
    for (int i = 0; i < 30; i++) {
        assert_true(dprintf(fd, "1\t1\t0\ta:b\tmain+0x%x" NO_IMAGE, (unsigned)i) > 0);
    }
    assert_true(dprintf(fd, "end 30\n") > 0);
    close(fd);
    contains(RUN("leaks", paths[BEFORE]).out, " 20 of 30 lines shown\n");
    contains(RUN("leaks", "--top=25", paths[BEFORE]).out, " 25 of 30 lines shown\n");
}

/* ---- lines of the source -------------------------------------------------------------------- */

enum {
    STATIC_LINE = __LINE__ + 6,
    INLINE_LINE = __LINE__ + 10,
    OUTER_LINE = __LINE__ + 14,
};

__attribute__((noinline)) static void leak_static(struct mempool *pool) {
    void *volatile object = mempool_get(pool);
    (void)object;
}

__attribute__((always_inline)) static inline void leak_inline(struct mempool *pool) {
    void *volatile object = mempool_get0(pool); /* else equal functions may become one */
    (void)object;
}

__attribute__((noinline)) static void leak_outer(struct mempool *pool) {
    leak_inline(pool);
    (void)pool;
}

/* The path of this source is as the compiler got it. */
static bool has_place(const char *text, const char *function, int line, const char *behind) {
    char begin[64], end[128];
    snprintf(begin, sizeof(begin), "%s (", function);
    snprintf(end, sizeof(end), "test_leaks.c:%d)%s", line, behind);
    const char *at = strstr(text, begin);
    const char *newline = at ? strchr(at, '\n') : NULL;
    const char *there = at ? strstr(at, end) : NULL;
    return there && there < newline;
}

static void leak(void) {
    struct mempool *pool = mempool_new(struct run, 0);
    leak_static(pool);
    leak_outer(pool);
    take_snapshot(BEFORE);
}

static void test_lines(void **state) {
    (void)state;
    leak();
    struct run run = RUN("leaks", paths[BEFORE]);
    assert_int_equal(run.status, 0);
    assert_string_equal(run.err, "");
    if (TEST_HAS_LINES) {
        assert_true(has_place(run.out, "leak_static", STATIC_LINE, "\n"));
        assert_true(has_place(run.out, "leak_inline", INLINE_LINE, " in leak_outer ("));
        assert_true(has_place(run.out, " in leak_outer", OUTER_LINE, "\n"));
    } else {
        assert_null(strstr(run.out, "test_leaks.c"));
        contains(run.out, "test_leaks+0x");
    }
    run = RUN("leaks", "--no-lines", paths[BEFORE]);
    assert_null(strstr(run.out, "test_leaks.c"));
    contains(run.out, "test_leaks+0x");
}

static void test_json(void **state) {
    (void)state;
#if TEST_HAS_JSON
    leak();
    struct run run = RUN("leaks", "--json", paths[BEFORE]);
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    json_t *whole = json_loads(run.out, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(whole);
    json_t *sites = json_object_get(whole, "sites");
    bool is_found = false;
    for (size_t i = 0; i < json_array_size(sites); i++) {
        json_t *site = json_array_get(sites, i), *lines = json_object_get(site, "lines");
        json_t *first = json_array_get(lines, 0);
        assert_non_null(strstr(json_string_value(json_object_get(site, "image")), "test_leaks"));
        assert_true(json_is_integer(json_object_get(site, "offset")));
        assert_true(json_is_array(lines));
        if (json_integer_value(json_object_get(first, "line")) == INLINE_LINE) {
            const char *file = json_string_value(json_object_get(first, "file"));
            is_found = file[0] == '/' && json_array_size(lines) == 2;
            assert_string_equal(json_string_value(json_object_get(first, "function")),
                                "leak_inline");
            assert_string_equal(json_string_value(json_object_get(site, "symbol")), "leak_outer");
            json_int_t n = json_integer_value(json_object_get(site, "count"));
            assert_int_equal(json_integer_value(json_object_get(site, "bytes")),
                             (uint64_t)n * sizeof(struct run));
        }
    }
    assert_int_equal(is_found, TEST_HAS_LINES);
    assert_int_equal(json_integer_value(json_object_get(whole, "n_sites")), json_array_size(sites));
    assert_true(json_integer_value(json_object_get(json_object_get(whole, "total"), "bytes")) > 0);
    json_decref(whole);
#else
    write_text(BEFORE, HEAD "end 0\n");
    is_refused(RUN("leaks", "--json", paths[BEFORE]),
               "mempool: leaks: --json: this build has no JSON (it was made without jansson)\n");
#endif
}

/* Files that the snapshot names and that are not what they were: said once each. */
static void test_other_files(void **state) {
    (void)state;
    char line[300];
    write_text(BEFORE, HEAD "3\t1\t0\ta:b\tc\t/nonexistent/a\t0x1\t-\n"
                            "2\t1\t0\ta:b\td\t/nonexistent/a\t0x2\t-\n"
                            "1\t1\t0\ta:b\tf+0x1\t/proc/self/exe\t0xffffffffffffffff\t00ff\n"
                            "1\t1\t0\ta:b\tg+0x1\t/dev/zero\t0x0\t-\n"
                            "1\t1\t0\ta:b\th+0x1\t/\t0x0\t-\n"
                            "end 5\n");
    struct run run = RUN("leaks", paths[BEFORE]);
    assert_string_equal(
        run.err,
        !TEST_HAS_LINES
            ? ""
            : "mempool: leaks: /nonexistent/a: no source lines: No such file or directory\n"
              "mempool: leaks: /proc/self/exe: no source lines: has changed since the snapshot\n"
              "mempool: leaks: /dev/zero: no source lines: is not a regular file\n"
              "mempool: leaks: /: no source lines: is not a regular file\n");
    assert_int_equal(run.status, 0);
    contains(run.out, "  a:b    f+0x1\n");
    prints(RUN("leaks", "--top=1", "--no-lines", paths[BEFORE]),
           "bytes  count  oldest s  what   got at\n"
           "    3      1         0  a:b    c\n"
           "    8      5         0  total  1 of 5 lines shown\n");
    /* A snapshot is no program. */
    snprintf(line, sizeof(line), HEAD "1\t1\t0\ta:b\tf+0x1\t%s\t0x1\t-\nend 1\n", paths[BEFORE]);
    write_text(AFTER, line);
    run = RUN("leaks", paths[AFTER]);
    assert_int_equal(run.status, 0);
    assert_int_equal(strstr(run.err, ".snapshot: no source lines: ") != NULL, TEST_HAS_LINES);
    contains(run.out, "  a:b    f+0x1\n");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("Usage: test_leaks MEMPOOL\n", stderr);
        return 2;
    }
    command_path = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test_teardown(test_table, remove_files),
        cmocka_unit_test_teardown(test_default_top, remove_files),
        cmocka_unit_test_teardown(test_lines, remove_files),
        cmocka_unit_test_teardown(test_json, remove_files),
        cmocka_unit_test_teardown(test_other_files, remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
