/* SPDX-License-Identifier: MIT */
/* A snapshot's statedump is the process's own, to the byte, but for what no snapshot has. */
#include "unit.h"

#include "account/component.h"
#include "export/export.h"
#include "golden.h"

#include <mempool/account.h>
#include <mempool/observe.h>

enum { ITEMS_MAX = 64, PAGE_BYTES = 4096 };

static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];

static void *heap_objects[9]; /* allocations of malloc's */
static struct snapshot_pool pools[ITEMS_MAX];
static struct snapshot_account accounts[ITEMS_MAX];
static struct snapshot_component components[ITEMS_MAX];
static const struct mempool_component *handles[ITEMS_MAX];
static char names[ITEMS_MAX][MEMPOOL_NAME_BYTES];
static struct snapshot snapshot = {.pools = pools, .accounts = accounts, .components = components};

static int add_pool(struct mempool *pool, void *arg) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    struct snapshot_pool *made = &pools[snapshot.n_pools];
    (void)arg;
    CHECK(snapshot.n_pools < ITEMS_MAX);
    CHECK_EQUAL(mempool_stats(pool, &stats), 0);
    made->name = strcpy(names[snapshot.n_pools++], stats.name);
    made->hot = stats.hot;
    made->cold = stats.cold;
    made->padded_bytes = stats.padded_bytes;
    made->alloc_count = stats.alloc_count;
    made->max_alloc = stats.max_alloc;
    made->pool_misses = stats.pool_misses;
    made->curr_stdalloc = stats.curr_stdalloc;
    made->max_stdalloc = stats.max_stdalloc;
    return 0;
}

static int add_account(const struct mempool_account *account, void *arg) {
    struct snapshot_account *made = &accounts[snapshot.n_accounts++];
    (void)arg;
    CHECK(snapshot.n_accounts <= ITEMS_MAX);
    while (handles[made->component] != account->component) {
        made->component++;
    }
    made->type = account->type_name;
    made->live_bytes = account->live_bytes;
    made->live_blocks = account->live_blocks;
    made->peak_bytes = account->peak_bytes;
    made->peak_blocks = account->peak_blocks;
    made->total_blocks = account->total_blocks;
    return 0;
}

static void take_snapshot(void) {
    for (const struct mempool_component *at = components_first(); at != NULL;
         at = component_next(at)) {
        CHECK(snapshot.n_components < ITEMS_MAX);
        handles[snapshot.n_components] = at;
        components[snapshot.n_components].name = at->name;
        components[snapshot.n_components++].generation = at->generation;
    }
    (void)mempool_accounts(add_account, NULL);
    (void)mempool_list(add_pool, NULL);
    snapshot.ledger.is_known = true;
}

/* Some of everything, with names that are cut and that come again. */
static void make_history(void) {
    static const char long_name[] = "a name that is longer than what a component may have of one";
    static const char *const component_names[] = {"dht", "dht", "idle", long_name};
    for (int i = 0; i < 4; i++) {
        struct mempool_component *component = mempool_component_create(component_names[i], NULL);
        assert_non_null(component);
        if (i != 2) {
            (void)mempool_component_enter(component);
            assert_non_null(mempool_malloc_typed(100, mempool_type("gf_dht_mt_loc")));
            mempool_free(mempool_malloc_typed(5000, mempool_type("gf_dht_mt_layout")));
            mempool_component_leave(NULL);
        }
    }
    struct mempool *pool = mempool_create(&NAMED_POOL_OPTIONS("frame", .object_bytes = 60));
    struct mempool *heap = mempool_create(
        &NAMED_POOL_OPTIONS("inode", .object_bytes = 168, .count = 4, .on_empty = MEMPOOL_HEAP));
    for (int i = 0; i < 9; i++) {
        heap_objects[i] = mempool_get(heap);
        assert_non_null(heap_objects[i]);
        assert_non_null(mempool_get(pool));
    }
    struct mempool *gone = mempool_create(&NAMED_POOL_OPTIONS("gone", .object_bytes = 60));
    assert_non_null(mempool_get(gone));
    assert_int_equal(mempool_destroy(gone), 1);
    assert_int_equal(mempool_mapping_name(page, sizeof page, "page"), 0);
}

/* Two texts with numbers of the ledger as N; of the process's own without [mallinfo] and named
 * mappings. */
static void mask(const char *from, char *to) {
    bool is_ledger = false, is_left_out = false;
    for (; *from != '\0'; from += strcspn(from, "\n") + 1) {
        size_t length = strcspn(from, "\n") + 1;
        if (strncmp(from, "\n[", 2) == 0) {
            is_left_out = strncmp(from + 1, "[mallinfo]", 10) == 0;
            is_ledger = strncmp(from + 1, "[mempool.ledger]", 16) == 0;
        }
        if (is_left_out || (is_ledger && strncmp(from, "named.", 6) == 0)) {
            continue;
        }
        size_t kept = is_ledger && strcspn(from, "=") < length ? strcspn(from, "=") : length;
        memcpy(to, from, kept);
        to += kept;
        if (kept < length) {
            memcpy(to, "=N\n", 3);
            to += 3;
        }
    }
    *to = '\0';
}

static void the_same_text(void **state) {
    static char own[GOLDEN_TEXT_BYTES], ours[GOLDEN_TEXT_BYTES];
    static char own_masked[GOLDEN_TEXT_BYTES], ours_masked[GOLDEN_TEXT_BYTES];
    struct export_output output;
    FILE *own_file = tmpfile(), *our_file = tmpfile();
    (void)state;
    make_history();
    assert_int_equal(mempool_statedump(fileno(own_file)), 0);
    take_snapshot();
    export_begin_fd(&output, fileno(our_file));
    export_statedump(&snapshot, &output);
    assert_int_equal(export_end(&output), 0);
    rewind(own_file);
    rewind(our_file);
    golden_read(own_file, own);
    golden_read(our_file, ours);
    assert_non_null(strstr(own, "named.page="));
    assert_non_null(strstr(ours, "[component.dht#2 - "));
    assert_null(strstr(ours, "idle"));
    assert_null(strstr(ours, "gone"));
    mask(own, own_masked);
    mask(ours, ours_masked);
    assert_string_equal(own_masked, ours_masked);
}

/* Of a core file the ledger is not known: no section says so. */
static void without_a_ledger(void **state) {
    static char ours[GOLDEN_TEXT_BYTES];
    struct export_output output;
    FILE *our_file = tmpfile();
    (void)state;
    snapshot.ledger.is_known = false;
    export_begin_fd(&output, fileno(our_file));
    export_statedump(&snapshot, &output);
    assert_int_equal(export_end(&output), 0);
    rewind(our_file);
    golden_read(our_file, ours);
    assert_non_null(strstr(ours, "\n[mempool]\n"));
    assert_null(strstr(ours, "ledger"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text),
        cmocka_unit_test(without_a_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
