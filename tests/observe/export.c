/* SPDX-License-Identifier: MIT */
/* mempool_export: a process's own snapshot in each format. Formats have tests of their own with
 * numbers made by hand; here, those of a live process. */
#include "unit.h"

#include "child.h"
#include "report.h"

#include <stdio.h>

enum { N_THINGS = 100, N_PUT = 7, THING_BYTES = 72, N_BLOCKS = 5, BLOCK_BYTES = 1000 };

void *got_for_export(struct mempool *pool);
void *allocated_for_export(void);

/* As call sites they have names. */
__attribute__((noinline)) void *got_for_export(struct mempool *pool) {
    void *volatile object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

__attribute__((noinline)) void *allocated_for_export(void) {
    void *volatile block = mempool_malloc(BLOCK_BYTES, "export block");
    CHECK(block != NULL);
    return block;
}

static void *things[N_THINGS], *blocks[N_BLOCKS];

static struct mempool *make_things(void) {
    struct mempool *pool = pool_of_options(&NAMED_POOL_OPTIONS("export thing",
                                                               .object_bytes = THING_BYTES));
    for (size_t i = 0; i < N_THINGS; i++) {
        things[i] = got_for_export(pool);
    }
    put_all(things, N_PUT);
    for (size_t i = 0; i < N_BLOCKS; i++) {
        blocks[i] = allocated_for_export();
    }
    return pool;
}

static void end_things(struct mempool *pool) {
    put_all(things + N_PUT, N_THINGS - N_PUT);
    for (size_t i = 0; i < N_BLOCKS; i++) {
        mempool_free(blocks[i]);
    }
    mempool_destroy(pool);
}

static const char *exported(enum mempool_export_format format) {
    int fd = report_open();
    errno = EXDEV;
    CHECK_EQUAL(mempool_export(fd, format), 0);
    CHECK(errno == EXDEV);
    return report_text(fd);
}

static bool ends_with(const char *text, const char *end) {
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void statedump_has_what_mempool_statedump_has(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_STATEDUMP);
    const char *entry = strstr(text, "pool-name=test:export thing\n");
    CHECK(entry != NULL);
    CHECK_EQUAL(number_at(entry, "hot-count="), N_THINGS - N_PUT);
    CHECK_EQUAL(number_at(entry, "alloc-count="), N_THINGS);
    entry = strstr(text, "usage-type export block memusage]\n");
    CHECK(entry != NULL);
    CHECK_EQUAL(number_at(entry, "size="), N_BLOCKS * BLOCK_BYTES);
    CHECK_EQUAL(number_at(entry, "num_allocs="), N_BLOCKS);
    CHECK(strstr(text, "[mempool.ledger]\n") != NULL);
    CHECK(number_at(text, "resident=") > 0);
    end_things(pool);
}

static void json_has_all(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_JSON);
    CHECK(text[0] == '{' && ends_with(text, "}\n"));
    CHECK_EQUAL(number_at(text, "\"pid\": "), (uint64_t)getpid());
    CHECK(strstr(text, "\"name\": \"test:export thing\"") != NULL);
    CHECK(strstr(text, "got_for_export+0x") != NULL);
    CHECK(strstr(text, "allocated_for_export+0x") != NULL);
    CHECK(strstr(text, "observe_export\"") != NULL); /* the image */
    CHECK(strstr(text, "\"is_known\": true") != NULL || number_at(text, "\"resident\": ") > 0);
    end_things(pool);
}

static void openmetrics_is_whole(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_OPENMETRICS);
    CHECK(ends_with(text, "\n# EOF\n"));
    const char *line = strstr(text, "\nmempool_pool_live_objects{");
    CHECK(line != NULL);
    line = strstr(line, "pool=\"test:export thing\"");
    CHECK(line != NULL);
    CHECK_EQUAL(number_at(line, "} "), N_THINGS - N_PUT);
    CHECK(strstr(text, "\nmempool_ledger_resident_bytes{") != NULL);
    end_things(pool);
}

/* Lines are functions, and what they hold is what the pool says. */
static void folded_has_functions(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_FOLDED);
    CHECK_EQUAL(number_at(text, ";test;export thing;got_for_export "),
                (N_THINGS - N_PUT) * THING_BYTES);
    CHECK_EQUAL(number_at(text, ";export block;allocated_for_export "), N_BLOCKS * BLOCK_BYTES);
    end_things(pool);
}

/* The sum of the first line is that of the others. */
static void a_heap_profile_adds_up(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_HEAPPROFILE);
    uint64_t count = N_THINGS - N_PUT + N_BLOCKS;
    CHECK_EQUAL(number_at(text, "heap profile: "), count);
    CHECK_EQUAL(number_at(text, "] @ heapprofile\n"), N_THINGS - N_PUT);
    CHECK(strstr(text, "\nMAPPED_LIBRARIES:\n") != NULL);
    end_things(pool);
}

static void pprof_is_compressed(void **state) {
    (void)state;
    struct mempool *pool = make_things();
    const char *text = exported(MEMPOOL_EXPORT_PPROF);
    CHECK(memcmp(text, "\x1f\x8b\x08", 3) == 0);
    end_things(pool);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    errno = EXDEV;
    assert_int_equal(mempool_export(1, (enum mempool_export_format)6), -EINVAL);
    assert_int_equal(mempool_export(1, (enum mempool_export_format)-1), -EINVAL);
    assert_int_equal(mempool_export(-1, MEMPOOL_EXPORT_JSON), -EBADF);
    assert_int_equal(errno, EXDEV);
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    assert_int_equal(mempool_export(full, MEMPOOL_EXPORT_PPROF), -ENOSPC);
    close(full);
}

/* The very first thing that a process does. */
static int export_first(void *unused) {
    (void)unused;
    const char *text = exported(MEMPOOL_EXPORT_OPENMETRICS);
    CHECK(ends_with(text, "# EOF\n"));
    return 0;
}

static void no_pool_is_no_error(void **state) {
    (void)state;
    assert_int_equal(child_status(export_first, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pool_is_no_error),
        cmocka_unit_test(statedump_has_what_mempool_statedump_has),
        cmocka_unit_test(json_has_all),
        cmocka_unit_test(openmetrics_is_whole),
        cmocka_unit_test(folded_has_functions),
        cmocka_unit_test(a_heap_profile_adds_up),
        cmocka_unit_test(pprof_is_compressed),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
