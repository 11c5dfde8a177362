/* SPDX-License-Identifier: MIT */
/* From snapshots to rows: rates, growth, histories, the tree, filters and order. */
#include "cli/top/rows.h"
#include "made.h"

#include <math.h>

static const int64_t second_ns = 1000000000;

static struct top_rows rows;

static void make(const struct top_model *model, enum top_view view, enum top_column sort,
                 const char *filter) {
    struct top_choice choice = {.view = view, .sort = sort, .filter = filter};
    CHECK(top_rows_make(&rows, model, &choice) == 0);
}

static void update(struct top_model *model, struct snapshot *snapshot, int64_t at_ns) {
    CHECK(top_model_update(model, snapshot, at_ns) == 0);
}

/* Two pools, and what they count. */
static struct snapshot *pools(uint64_t hot, uint64_t gets, uint64_t puts, uint64_t serial) {
    struct snapshot *made = made_snapshot(2, 1, 0, 0);
    made->pools[0].hot = hot;
    made->pools[0].alloc_count = gets;
    made->pools[0].put_count = puts;
    made->pools[0].serial = serial;
    made->pools[1].hot = 1000;
    return made;
}

static const struct top_row *named(const char *name) {
    for (size_t i = 0; i < rows.n; i++) {
        if (strcmp(rows.at[i].name, name) == 0) {
            return &rows.at[i];
        }
    }
    return NULL;
}

static void test_rates(void) {
    struct top_model model = {.now = NULL};
    update(&model, pools(10, 100, 90, 1), 5 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK_EQUAL(rows.n, 2);
    CHECK(strcmp(rows.at[0].name, "part1:pool1") == 0);
    CHECK(isnan(named("part0:pool0")->values[TOP_GET_RATE]));
    CHECK(named("part0:pool0")->values[TOP_GROWTH] == 0);
    CHECK(named("part0:pool0")->values[TOP_SHARE] == 1000.0 / 101000);
    update(&model, pools(30, 160, 130, 1), 7 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK(named("part0:pool0")->values[TOP_GET_RATE] == 30);
    CHECK(named("part0:pool0")->values[TOP_PUT_RATE] == 20);
    CHECK(named("part0:pool0")->values[TOP_GROWTH] == 2000);
    CHECK(top_track_growth(model.whole) == 2000);
    /* Read a little late in one thread: nothing happened then, rather than very much. */
    update(&model, pools(29, 159, 130, 1), 8 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK(named("part0:pool0")->values[TOP_GET_RATE] == 0);
    /* Made anew in its place: another pool, which grew from nothing. */
    update(&model, pools(5, 5, 0, 77), 9 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK(isnan(named("part0:pool0")->values[TOP_GET_RATE]));
    CHECK(named("part0:pool0")->values[TOP_GROWTH] == 500);
    top_model_restart(&model);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK(named("part0:pool0")->values[TOP_GROWTH] == 0);
    CHECK(top_model_find(&model, TOP_POOLS, (struct top_key){0, 1}) == -1);
    CHECK(top_model_find(&model, TOP_POOLS, (struct top_key){0, 77}) == 0);
    top_model_free(&model);
}

static void test_still(void) {
    struct top_model model = {.is_still = true};
    update(&model, pools(10, 100, 90, 1), second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "");
    CHECK(isnan(rows.at[0].values[TOP_GROWTH]) && isnan(rows.at[0].values[TOP_GET_RATE]));
    top_model_free(&model);
}

static void test_history(void) {
    struct top_model model = {.now = NULL};
    float values[10];
    for (int64_t second = 100; second < 104; second++) {
        update(&model, pools((uint64_t)second, 0, 0, 1), second * second_ns);
    }
    /* Two looks in a second: the later one counts; and nobody looked for three. */
    update(&model, pools(500, 0, 0, 1), 103 * second_ns + second_ns / 2);
    update(&model, pools(600, 0, 0, 1), 107 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "pool0");
    CHECK(top_track_history(rows.at[0].track, values, 10) == 10);
    CHECK(isnan(values[0]) && isnan(values[1]));
    CHECK(values[2] == 10000 && values[4] == 10200 && values[5] == 50000);
    CHECK(values[6] == 50000 && values[8] == 50000 && values[9] == 60000);
    /* More seconds than columns: each is the most of its stretch. */
    CHECK(top_track_history(rows.at[0].track, values, 2) == TOP_HISTORY_SECONDS);
    CHECK(values[1] == 60000);
    /* So long a gap that nothing before it is left. */
    update(&model, pools(1, 0, 0, 1), 1000 * second_ns);
    make(&model, TOP_POOLS, TOP_BYTES, "pool0");
    CHECK(top_track_history(rows.at[0].track, values, 10) == 10);
    CHECK(isnan(values[8]) && values[9] == 100);
    top_model_free(&model);
}

static void test_filter_and_order(void) {
    struct top_model model = {.now = NULL};
    struct snapshot *made = made_snapshot(20, 1, 0, 0);
    for (size_t i = 0; i < 20; i++) {
        made->pools[i].hot = i % 5;
        made->pools[i].kind = i == 3   ? SNAPSHOT_HEAP_CLASS
                              : i == 4 ? SNAPSHOT_ZOMBIE
                                       : SNAPSHOT_POOL;
    }
    update(&model, made, second_ns);
    make(&model, TOP_POOLS, TOP_LIVE, "");
    CHECK_EQUAL(rows.n, 18);
    for (size_t i = 1; i < rows.n; i++) {
        double before = rows.at[i - 1].values[TOP_LIVE], after = rows.at[i].values[TOP_LIVE];
        CHECK(before > after || (before == after && rows.at[i - 1].index < rows.at[i].index));
    }
    make(&model, TOP_POOLS, TOP_NAME, "POOL1");
    CHECK_EQUAL(rows.n, 11);
    CHECK_EQUAL(rows.n_all, 18);
    for (size_t i = 1; i < rows.n; i++) {
        CHECK(strcmp(rows.at[i - 1].name, rows.at[i].name) < 0);
    }
    struct top_choice reversed = {TOP_POOLS, TOP_NAME, true, true, ""};
    CHECK(top_rows_make(&rows, &model, &reversed) == 0);
    CHECK_EQUAL(rows.n, 20);
    CHECK(strcmp(rows.at[0].name, rows.at[1].name) > 0);
    make(&model, TOP_POOLS, TOP_BYTES, "no such pool");
    CHECK_EQUAL(rows.n, 0);
    top_model_free(&model);
}

/* root > a > b, root > c; d ended; e claims a parent that comes later. */
static struct snapshot *tree(void) {
    static const char *const names[] = {"root", "a", "b", "c", "d", "e"};
    struct snapshot *made = made_snapshot(2, 6, 2, 0);
    for (size_t i = 0; i < 6; i++) {
        made->components[i].name = names[i];
    }
    made->components[2].parent = 1;
    made->components[4].ended = true;
    made->components[5].parent = 5;
    made->pools[0].component = 2;
    made->pools[0].hot = 3; /* 300 bytes */
    made->pools[1].component = 3;
    made->pools[1].hot = 1;
    made->accounts[0].component = 1;
    made->accounts[0].live_bytes = 50;
    made->accounts[0].live_blocks = 2;
    made->accounts[1].component = 99; /* nobody's */
    return made;
}

static void is_tree(const char *wanted) {
    char got[256] = "";
    for (size_t i = 0; i < rows.n; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof(got) - n, "%d%s=%.0f ", rows.at[i].depth, rows.at[i].name,
                 rows.at[i].values[TOP_BYTES]);
    }
    if (strcmp(got, wanted) != 0) {
        dprintf(2, "tree is '%s', not '%s'\n", got, wanted);
        _exit(1);
    }
}

static void test_tree(void) {
    struct top_model model = {.now = NULL};
    update(&model, tree(), second_ns);
    make(&model, TOP_COMPONENTS, TOP_BYTES, "");
    is_tree("0root=450 1a=350 2b=300 1c=100 0e=0 ");
    make(&model, TOP_COMPONENTS, TOP_BYTES, "b");
    is_tree("0root=450 1a=350 2b=300 ");
    struct top_choice up = {TOP_COMPONENTS, TOP_BYTES, true, true, ""};
    CHECK(top_rows_make(&rows, &model, &up) == 0);
    is_tree("0e=0 0root=450 1d (ended)=0 1c=100 1a=350 2b=300 ");
    make(&model, TOP_ACCOUNTS, TOP_BYTES, "a:TYPE");
    CHECK_EQUAL(rows.n, 1);
    CHECK(strcmp(rows.at[0].name, "a:type0") == 0);
    make(&model, TOP_ACCOUNTS, TOP_BYTES, "?:type1");
    CHECK_EQUAL(rows.n, 1);
    top_model_free(&model);
}

/* Call sites come with some snapshots only, and stay until the next of those. */
static void test_sites(void) {
    struct top_model model = {.now = NULL};
    struct snapshot *first = made_snapshot(3, 1, 0, 0);
    made_groups(first, 7);
    first->groups[1].pool = 999; /* a lie */
    update(&model, first, second_ns);
    make(&model, TOP_SITES, TOP_BYTES, "");
    CHECK_EQUAL(rows.n, 7);
    CHECK(rows.at[0].values[TOP_BYTES] == 700 && rows.at[0].values[TOP_GROWTH] == 0);
    update(&model, made_snapshot(3, 1, 0, 0), 2 * second_ns);
    update(&model, made_snapshot(3, 1, 0, 0), 3 * second_ns);
    CHECK(model.sites == first && model.sites_ns == second_ns);
    make(&model, TOP_SITES, TOP_BYTES, "function3");
    CHECK_EQUAL(rows.n, 1);
    struct snapshot *second = made_snapshot(3, 1, 0, 0);
    made_groups(second, 8); /* one more, and one object more of each other */
    update(&model, second, 4 * second_ns);
    make(&model, TOP_SITES, TOP_GROWTH, "");
    CHECK_EQUAL(rows.n, 8);
    CHECK(named("part0:pool0")->values[TOP_GROWTH] == 100);
    top_model_free(&model);
}

static void test_threads_and_ledger(void) {
    struct top_model model = {.now = NULL};
    struct snapshot *made = made_snapshot(0, 1, 0, 3);
    made->threads[1].cached_bytes = 75;
    made->threads[2].cached_bytes = 25;
    made->ledger.is_known = true;
    made->ledger.resident = 123;
    update(&model, made, second_ns);
    update(&model, made_snapshot(0, 1, 0, 3), 2 * second_ns);
    CHECK_EQUAL(model.ledger.resident, 123);
    make(&model, TOP_THREADS, TOP_GROWTH, "");
    CHECK_EQUAL(rows.n, 3);
    CHECK(rows.at[2].values[TOP_GROWTH] == -75 && isnan(rows.at[0].values[TOP_SHARE]));
    top_model_free(&model);
}

/* Pools that come and go are forgotten in the end, and nothing leaks. */
static void test_coming_and_going(void) {
    struct top_model model = {.now = NULL};
    for (uint64_t i = 0; i < 50; i++) {
        struct snapshot *made = made_snapshot(500, 1, 0, 0);
        for (size_t pool = 0; pool < 500; pool++) {
            made->pools[pool].serial = i * 500 + pool;
        }
        update(&model, made, (int64_t)i * second_ns);
    }
    CHECK(model.tracks[TOP_POOLS].n_tracks < 10000);
    struct snapshot *twins = made_snapshot(2, 1, 0, 0);
    twins->pools[1].number = 0;
    twins->pools[1].serial = twins->pools[0].serial;
    update(&model, twins, 99 * second_ns);
    CHECK(model.found[TOP_POOLS][0] == model.found[TOP_POOLS][1]);
    top_model_free(&model);
}

int main(void) {
    test_rates();
    test_still();
    test_history();
    test_filter_and_order();
    test_tree();
    test_sites();
    test_threads_and_ledger();
    test_coming_and_going();
    top_rows_free(&rows);
    return 0;
}
