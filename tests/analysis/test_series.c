/* SPDX-License-Identifier: MIT */
/* What snapshots made by hand say of growth. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/series.h"

enum { SITES = 3 };

/* One moment of a process with a pool, an account, a class and some call sites. */
struct scene {
    struct snapshot snapshot;
    struct snapshot_pool pools[2];
    struct snapshot_component components[2];
    struct snapshot_account accounts[2];
    struct snapshot_group groups[SITES];
    struct snapshot_misuse misuses[2];
};

static const struct snapshot *set_scene(struct scene *scene, int64_t seconds, uint64_t leak) {
    *scene = (struct scene){
        .pools = {{.name = "a:thing",
                   .object_bytes = 100,
                   .hot = 3,
                   .curr_stdalloc = 1,
                   .alloc_count = 10,
                   .component = 1},
                  {.name = "class", .kind = SNAPSHOT_HEAP_CLASS, .object_bytes = 64, .hot = 99}},
        .components = {{.name = "process"}, {.name = "a"}},
        .accounts = {{.component = 0, .type = "text", .live_bytes = leak, .live_blocks = 1},
                     {.component = 1, .type = "text", .live_bytes = 5, .live_blocks = 2}},
        .groups =
            {{.what = "process:text", .symbol = "leak+0x1", .bytes = leak, .count = leak},
             {.what = "a:thing", .symbol = "keep+0x2", .bytes = 300, .count = 3},
             {.what = "a:text", .symbol = "keep+0x2", .bytes = seconds % 20 ? 5 : 10, .count = 2}},
        .misuses = {{"double-put", 1}, {"foreign", 2}},
    };
    scene->snapshot = (struct snapshot){
        .pid = 7,
        .program = "scene",
        .taken_seconds = seconds,
        .pools = scene->pools,
        .n_pools = 2,
        .components = scene->components,
        .n_components = 2,
        .accounts = scene->accounts,
        .n_accounts = 2,
        .has_groups = true,
        .groups = scene->groups,
        .n_groups = SITES,
        .misuses = scene->misuses,
        .n_misuses = 2,
    };
    return &scene->snapshot;
}

static const struct series_line *find(const struct series *series, enum series_kind kind,
                                      const char *what) {
    for (size_t i = 0; i < series->of[kind].n; i++) {
        if (strcmp(series->of[kind].lines[i].what, what) == 0) {
            return &series->of[kind].lines[i];
        }
    }
    fail_msg("%s is not there", what);
    return NULL;
}

/* Five snapshots ten seconds apart, not in order; one site grows by 100 bytes a second. */
static void test_growth(void **state) {
    (void)state;
    static const int order[] = {3, 0, 4, 1, 2};
    struct series *series = series_new(5);
    struct scene scene;
    for (size_t i = 0; i < 5; i++) {
        int64_t seconds = 1000 + 10 * order[i];
        set_scene(&scene, seconds, (uint64_t)(1000 * order[i]));
        assert_int_equal(series_add(series, &scene.snapshot), 0);
    }
    assert_int_equal(series_add(series, &scene.snapshot), -ENOSPC);
    assert_int_equal(series_finish(series), 0);
    assert_int_equal(series->n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(series->moments[i].seconds == 1000 + 10 * (double)i);
        assert_int_equal(series->moments[i].live_bytes, 400 + 5 + 1000 * i);
        assert_int_equal(series->moments[i].live_count, 4 + 2 + 1);
        assert_int_equal(series->moments[i].misuses, 3);
    }
    const struct series_line *first = &series->of[SERIES_PLACES].lines[0];
    assert_string_equal(first->detail, "leak+0x1");
    assert_true(fabs(first->bytes_per_second - 100) < 1e-9);
    assert_true(fabs(first->fit - 1) < 1e-9);
    assert_int_equal(first->bytes[4], 4000);
    assert_int_equal(first->peak_bytes, 4000);
    const struct series_line *still = find(series, SERIES_PLACES, "a:thing");
    assert_true(still->bytes_per_second == 0 && still->fit == 0);
    const struct series_line *waves = find(series, SERIES_PLACES, "a:text");
    assert_true(fabs(waves->fit) < 0.1);
    assert_int_equal(series->of[SERIES_PLACES].n, SITES);
    assert_int_equal(series->of[SERIES_OWNERS].n, 3); /* classes are accounts' already */
    assert_int_equal(find(series, SERIES_COMPONENTS, "a")->bytes[0], 405);
    assert_int_equal(find(series, SERIES_OWNERS, "a:thing")->count[2], 4);
    series_free(series);
}

/* What comes later was nothing before; what is gone is nothing then. */
static void test_coming_and_going(void **state) {
    (void)state;
    struct series *series = series_new(2);
    struct scene scene;
    set_scene(&scene, 10, 1);
    scene.groups[0].symbol = "old+0x1";
    assert_int_equal(series_add(series, &scene.snapshot), 0);
    set_scene(&scene, 20, 2);
    assert_int_equal(series_add(series, &scene.snapshot), 0);
    assert_int_equal(series_finish(series), 0);
    assert_int_equal(series->of[SERIES_PLACES].n, SITES + 1);
    for (size_t i = 0; i < series->of[SERIES_PLACES].n; i++) {
        const struct series_line *line = &series->of[SERIES_PLACES].lines[i];
        if (strcmp(line->detail, "old+0x1") == 0) {
            assert_int_equal(line->bytes[0], 1);
            assert_int_equal(line->bytes[1], 0);
        } else if (strcmp(line->detail, "leak+0x1") == 0) {
            assert_int_equal(line->bytes[0], 0);
            assert_int_equal(line->bytes[1], 2);
        }
    }
    series_free(series);
}

/* More names than the first table has room for are told apart; one snapshot has no slope. */
static void test_many_sites(void **state) {
    (void)state;
    enum { MANY = 5000 };
    static struct snapshot_group groups[MANY];
    static char symbols[MANY][16];
    struct series *series = series_new(1);
    struct scene scene;
    set_scene(&scene, 10, 1);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(symbols[i], sizeof(symbols[i]), "f%zu", i);
        groups[i] = (struct snapshot_group){.what = "a:b", .symbol = symbols[i], .bytes = i};
    }
    scene.snapshot.groups = groups;
    scene.snapshot.n_groups = MANY;
    assert_int_equal(series_add(series, &scene.snapshot), 0);
    assert_int_equal(series_finish(series), 0);
    assert_int_equal(series->of[SERIES_PLACES].n, SERIES_SITES);
    for (size_t i = 0; i < SERIES_SITES; i++) {
        const struct series_line *line = &series->of[SERIES_PLACES].lines[i];
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "f%zu", (size_t)line->bytes[0]);
        assert_string_equal(line->detail, symbol);
        assert_true(line->bytes_per_second == 0);
    }
    series_free(series);
}

static void test_bad_numbers(void **state) {
    (void)state;
    assert_null(series_new(0));
    assert_int_equal(errno, EINVAL);
    assert_null(series_new(SERIES_SNAPSHOTS + 1));
    struct series *series = series_new(1);
    struct scene scene;
    set_scene(&scene, 10, 1);
    scene.pools[0].component = SNAPSHOT_NONE;
    scene.accounts[1].component = 77; /* who made it up is asked for nothing that is not there */
    assert_int_equal(series_add(series, &scene.snapshot), 0);
    assert_int_equal(series_finish(series), 0);
    assert_int_equal(find(series, SERIES_COMPONENTS, "(process)")->bytes[0], 405);
    series_free(series);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_coming_and_going),
        cmocka_unit_test(test_many_sites),
        cmocka_unit_test(test_bad_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
