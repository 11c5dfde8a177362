/* SPDX-License-Identifier: MIT */
/* `mempool diff` from outside: what it prints of two snapshots, and of files that are none. */
/* Usage: test_diff MEMPOOL */
#define _GNU_SOURCE /* memfd_create in command.h */
#include "snapshot_files.h"

#include <stdlib.h>

#define SEE " (see mempool diff --help)\n"

static void test_help(void **state) {
    (void)state;
    struct run run = RUN("diff", "--help");
    assert_int_equal(run.status, 0);
    assert_string_equal(run.err, "");
    contains(run.out, "Usage: mempool diff [OPTION...] BEFORE AFTER");
    contains(RUN("--help").out, "\n  diff ");
}

static void test_bad_options(void **state) {
    (void)state;
    is_refused(RUN("diff"), "mempool: diff: no BEFORE and AFTER given" SEE);
    is_refused(RUN("diff", "a"), "mempool: diff: no AFTER given" SEE);
    is_refused(RUN("diff", "a", "b", "c"),
               "mempool: diff: two snapshots at a time; unexpected 'c'" SEE);
    is_refused(RUN("diff", "--fast", "a", "b"), "mempool: diff: unknown option '--fast'" SEE);
    is_refused(RUN("diff", "-x", "a", "b"), "mempool: diff: unknown option '-x'" SEE);
    is_refused(RUN("diff", "--top"), "mempool: diff: a value is missing after '--top'" SEE);
    is_refused(RUN("diff", "--all=1", "a", "b"),
               "mempool: diff: this option takes no value: '--all=1'" SEE);
    static const char *const bad_numbers[] = {"0", "1000001", "-1", "+1", "1x", "", " 1"};
    for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(bad_numbers[0]); i++) {
        char option[64], line[200];
        snprintf(option, sizeof(option), "--top=%s", bad_numbers[i]);
        snprintf(line, sizeof(line),
                 "mempool: diff: --top takes a number from 1 to 1000000, not '%s'" SEE,
                 bad_numbers[i]);
        is_refused(RUN("diff", option, "a", "b"), line);
    }
}

static void test_table(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "4000\t1\t9\tplug:text\tread+0x1" NO_IMAGE
                            "640\t10\t0\ttest:thing\tmain+0x10" NO_IMAGE
                            "100\t1\t5\ttest:gone\tmain+0x20" NO_IMAGE
                            "64\t1\t0\ttest:same\tmain+0x30" NO_IMAGE "end 4\n");
    write_text(AFTER, HEAD "4000\t1\t99\tplug (ended):text\tread+0x1" NO_IMAGE
                           "6400\t100\t0\ttest:thing\tmain+0x10" NO_IMAGE
                           "64\t1\t0\ttest:thing\tmain+0x10" NO_IMAGE /* two pools of that name */
                           "640\t10\t0\ttest:thing\tmain+0x18" NO_IMAGE
                           "64\t1\t7\ttest:same\tmain+0x30" NO_IMAGE "18\t9\t0\t(rest)\t?" NO_IMAGE
                           "end 6\n");
    prints(RUN("diff", paths[BEFORE], paths[AFTER]),
           "bytes  count  bytes before  bytes after  count after  what        got at\n"
           "+5824    +91           640         6464          101  test:thing  main+0x10\n"
           " +640    +10             0          640           10  test:thing  main+0x18\n"
           "  +18     +9             0           18            9  (rest)      ?\n"
           "+6382   +109          4804        11186          122  total       "
           "3 of 3 lines shown\n");
    prints(RUN("diff", "--top=1", paths[BEFORE], paths[AFTER]),
           "bytes  count  bytes before  bytes after  count after  what        got at\n"
           "+5824    +91           640         6464          101  test:thing  main+0x10\n"
           "+6382   +109          4804        11186          122  total       "
           "1 of 3 lines shown\n");
    prints(RUN("diff", paths[BEFORE], paths[AFTER], "--all"),
           "bytes  count  bytes before  bytes after  count after  what        got at\n"
           "+5824    +91           640         6464          101  test:thing  main+0x10\n"
           " +640    +10             0          640           10  test:thing  main+0x18\n"
           "  +18     +9             0           18            9  (rest)      ?\n"
           "   +0     +0          4000         4000            1  plug:text   read+0x1\n"
           "   +0     +0            64           64            1  test:same   main+0x30\n"
           " -100     -1           100            0            0  test:gone   main+0x20\n"
           "+6382   +109          4804        11186          122  total       "
           "6 of 6 lines shown\n");
    prints(RUN("diff", paths[AFTER], paths[AFTER]),
           "bytes  count  bytes before  bytes after  count after  what   got at\n"
           "   +0     +0         11186        11186          122  total  0 of 0 lines shown\n");
}

/* JSON has the whole path of a line's image, and all lines but where --top says less. */
static void test_json(void **state) {
    (void)state;
    int fd = create(AFTER);
    assert_true(dprintf(fd, HEAD) > 0);
    for (int i = 0; i < 30; i++) {
        assert_true(dprintf(fd, "2\t1\t0\ta:b\tf+0x%x\t/none\\x09\t0x10\t00ff\n", i) > 0);
    }
    assert_true(dprintf(fd, "end 30\n") > 0);
    close(fd);
    write_text(BEFORE, HEAD "3\t1\t0\ta:b\tf+0x0\t/none\\x09\t0x10\t00ff\nend 1\n");
    struct run run = RUN("diff", "--json", "--no-lines", paths[BEFORE], paths[AFTER]);
    if (!TEST_HAS_JSON) {
        is_refused(run, "mempool: diff: --json: this build has no JSON "
                        "(it was made without jansson)\n");
        return;
    }
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    contains(run.out, "  \"total\": {\n    \"bytes\": 57,\n    \"count\": 29,\n"
                      "    \"bytes_before\": 3,\n    \"bytes_after\": 60,\n"
                      "    \"count_before\": 1,\n    \"count_after\": 30\n  },\n"
                      "  \"n_sites\": 29,\n");
    contains(run.out, "\"site\": \"f+0x1d\",\n      \"image\": \"/none\\t\",\n"
                      "      \"offset\": 16,\n      \"build_id\": \"00ff\",\n");
    assert_null(
        strstr(RUN("diff", "--json", "--no-lines", "--top=28", paths[BEFORE], paths[AFTER]).out,
               "\"f+0xf\""));
}

/* One call site, whatever the compiler does with loops. */
__attribute__((noinline)) static void *allocate_text(void) {
    void *volatile block = mempool_malloc(1000, "text");
    return block;
}

/* What the library writes now is what the command reads. */
static void test_real_snapshots(void **state) {
    (void)state;
    struct mempool *pool = mempool_new(struct run, 0);
    assert_non_null(mempool_get(pool));
    take_snapshot(BEFORE);
    for (int i = 0; i < 5; i++) {
        assert_non_null(allocate_text());
    }
    take_snapshot(AFTER);
    struct run run = RUN("diff", paths[BEFORE], paths[AFTER]);
    assert_int_equal(run.status, 0);
    contains(run.out, "\n+5000     +5             0         5000            5  "
                      "replay_test_diff:text  ");
    contains(run.out, " total                  1 of 1 lines shown\n");
    contains(RUN("diff", "--all", paths[BEFORE], paths[AFTER]).out, ":struct run ");
}

static void refuses(const char *bytes, size_t n, const char *what) {
    char line[300];
    write_bytes(AFTER, bytes, n);
    snprintf(line, sizeof(line), "mempool: diff: %s: %s\n", paths[AFTER], what);
    is_refused(RUN("diff", paths[BEFORE], paths[AFTER]), line);
    is_refused(RUN("diff", paths[AFTER], paths[BEFORE]), line);
}

#define REFUSES(text, what) refuses(text, sizeof(text) - 1, what)

#define LINE "1\t1\t0\ta:b\tc"

static void test_bad_snapshots(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "end 0\n");
    REFUSES("", "is empty");
    REFUSES("mempool-snap", "is truncated");
    REFUSES("mempool-snapshot 2\n", "is truncated");
    REFUSES("mempool-snapshot 1\nbytes count oldest-s what site\n",
            "is a snapshot of another version; this command reads version 2");
    REFUSES("some text", "is not a snapshot of mempool_snapshot(3)");
    REFUSES(HEAD "1\t1\t0\ta:\0b\tc" NO_IMAGE, "is not a snapshot of mempool_snapshot(3)");
    REFUSES(HEAD LINE, "line 3: is truncated");
    REFUSES(HEAD LINE NO_IMAGE "12\t1", "line 4: is truncated");
    REFUSES(HEAD "18446744073709551615\t1\t0\ta:b\tc" NO_IMAGE,
            "line 3: numbers that no memory has");
    REFUSES(HEAD "1\t18446744073709551615\t0\ta:b\tc" NO_IMAGE,
            "line 3: numbers that no memory has");
}

static void test_cut_snapshots(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "end 0\n");
    static const char missing[] = "is truncated: its last line, 'end', is missing";
    REFUSES(HEAD, missing);
    REFUSES(HEAD LINE NO_IMAGE, missing);
    REFUSES(HEAD LINE NO_IMAGE "end 1", "line 4: is truncated");
    REFUSES(HEAD LINE NO_IMAGE "end 1\n\n", "line 5: text behind the end");
    REFUSES(HEAD LINE NO_IMAGE "end 1\nend 1\n", "line 5: text behind the end");
    REFUSES(HEAD LINE NO_IMAGE "end \n", "line 4: not a line of a snapshot");
    REFUSES(HEAD LINE NO_IMAGE "end 1 \n", "line 4: not a line of a snapshot");
    static const char other_number[] = "line 4: lines are missing before it, or there are too many";
    REFUSES(HEAD LINE NO_IMAGE "end 2\n", other_number);
    REFUSES(HEAD LINE NO_IMAGE "end 0\n", other_number);
}

static void test_bad_lines(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "end 0\n");
    static const char *const bad_lines[] = {
        "",
        LINE "",
        LINE "\t-\t-",
        LINE "\t-\t-\t",
        LINE "\t-\t-\t-\t",
        LINE "\t-\t-\t-\t-",
        "1\t1\t0\t\tc\t-\t-\t-",
        "1\t1\ta:b\tc\t-\t-\t-",
        "x\t1\t0\ta:b\tc\t-\t-\t-",
        "-1\t1\t0\ta:b\tc\t-\t-\t-",
        "1 1 0 a:b c - - -",
        "1\t\t0\ta:b\tc\t-\t-\t-",
        "18446744073709551616\t1\t0\ta:b\tc\t-\t-\t-",
        "1\t1\t0\ta:\x1b[2Jb\tc\t-\t-\t-",
        LINE "\t-\t-\t-\r",
        LINE "\t-\t0x1\t-",
        LINE "\t-\t-\tabcd",
        LINE "\t/a\t-\t-",
        LINE "\t/a\t1\t-",
        LINE "\t/a\t0x\t-",
        LINE "\t/a\t0xg\t-",
        LINE "\t/a\t0x10000000000000000\t-",
        LINE "\t/a\t0x1\tabc",
        LINE "\t/a\t0x1\tABCD",
        LINE "\t/a\\\t0x1\t-",
        LINE "\t/a\\x\t0x1\t-",
        LINE "\t/a\\x0\t0x1\t-",
        LINE "\t/a\\x0g\t0x1\t-",
        LINE "\t/a\\x00\t0x1\t-",
        LINE "\t/a\\n\t0x1\t-",
    };
    for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), HEAD LINE NO_IMAGE "%s\nend 2\n", bad_lines[i]);
        refuses(text, strlen(text), "line 4: not a line of a snapshot");
    }
}

/* One name and offset in two files are two call sites. */
static void test_images(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "end 0\n");
    write_text(AFTER, HEAD LINE "\t/none\\x09/a\\x5c\t0xffffffffffffffff\t-\n" LINE
                                "\t/none/b\t0x0\t00ff\n" LINE "\t/none/b\t0x1\t-\n"
                                "end 3\n");
    prints(RUN("diff", "--no-lines", paths[BEFORE], paths[AFTER]),
           "bytes  count  bytes before  bytes after  count after  what   got at\n"
           "   +2     +2             0            2            2  a:b    c\n"
           "   +1     +1             0            1            1  a:b    c\n"
           "   +3     +3             0            3            3  total  2 of 2 lines shown\n");
}

static void test_bad_files(void **state) {
    (void)state;
    write_text(BEFORE, HEAD "end 0\n");
    is_refused(RUN("diff", paths[BEFORE], "/nonexistent"),
               "mempool: diff: /nonexistent: cannot open: No such file or directory\n");
    is_refused(RUN("diff", "", paths[BEFORE]),
               "mempool: diff: : cannot open: No such file or directory\n");
    is_refused(RUN("diff", "/", paths[BEFORE]), "mempool: diff: /: is a directory\n");
    is_refused(RUN("diff", "/dev/zero", paths[BEFORE]),
               "mempool: diff: /dev/zero: is not a regular file\n");
    is_refused(RUN("diff", "/proc/self/maps", paths[BEFORE]),
               "mempool: diff: /proc/self/maps: is empty\n");
}

static void test_huge_files(void **state) {
    (void)state;
    char line[200];
    write_text(BEFORE, HEAD "end 0\n");
    write_text(AFTER, HEAD "end 0\n");
    assert_int_equal(truncate(paths[AFTER], (64 << 20) + 1), 0);
    snprintf(line, sizeof(line), "mempool: diff: %s: is not a snapshot: larger than 64 MiB\n",
             paths[AFTER]);
    is_refused(RUN("diff", paths[BEFORE], paths[AFTER]), line);
    FILE *file = fopen(paths[AFTER], "w");
    assert_non_null(file);
    fputs(HEAD, file);
    for (int i = 0; i <= 131072; i++) {
        fprintf(file, "1\t1\t0\ta:b\tmain+0x%x" NO_IMAGE, (unsigned)i);
    }
    assert_int_equal(fclose(file), 0);
    snprintf(line, sizeof(line), "mempool: diff: %s: line 131075: too many lines\n", paths[AFTER]);
    is_refused(RUN("diff", paths[BEFORE], paths[AFTER]), line);
}

static void test_full_disk(void **state) {
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    write_text(BEFORE, HEAD "end 0\n");
    struct run run =
        run_to("/dev/full", (const char *const[]){"diff", paths[BEFORE], paths[BEFORE], NULL});
    assert_int_equal(run.status, 1);
    assert_string_equal(run.err,
                        "mempool: diff: cannot write the output: No space left on device\n");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("Usage: test_diff MEMPOOL\n", stderr);
        return 2;
    }
    command_path = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test_teardown(test_table, remove_files),
        cmocka_unit_test_teardown(test_json, remove_files),
        cmocka_unit_test_teardown(test_real_snapshots, remove_files),
        cmocka_unit_test_teardown(test_bad_snapshots, remove_files),
        cmocka_unit_test_teardown(test_cut_snapshots, remove_files),
        cmocka_unit_test_teardown(test_bad_lines, remove_files),
        cmocka_unit_test_teardown(test_images, remove_files),
        cmocka_unit_test_teardown(test_bad_files, remove_files),
        cmocka_unit_test_teardown(test_huge_files, remove_files),
        cmocka_unit_test_teardown(test_full_disk, remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
