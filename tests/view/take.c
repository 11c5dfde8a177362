/* SPDX-License-Identifier: MIT */
/* A snapshot says what the library's own functions say. Each test is a process of its own. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "faults.h"
#include "threads.h"

#include "self.h"

#include "cache/thread.h"

#include <mempool/observe.h>

enum { N = 300 };

static void *objects[N];

static void check_pool(const struct snapshot *snapshot, const struct mempool *pool) {
    const struct snapshot_pool *row = row_of(snapshot, pool);
    struct mempool_stats stats = pool_stats(pool);
    CHECK(row != NULL && row->kind == SNAPSHOT_POOL);
    CHECK(strcmp(row->name, stats.name) == 0);
    CHECK_EQUAL(row->object_bytes, stats.object_bytes);
    CHECK_EQUAL(row->padded_bytes, stats.padded_bytes);
    CHECK_EQUAL(row->hot, stats.hot);
    CHECK_EQUAL(row->cold, stats.cold);
    CHECK_EQUAL(row->alloc_count, stats.alloc_count);
    CHECK_EQUAL(row->put_count, stats.put_count);
    CHECK_EQUAL(row->refused, stats.refused);
    CHECK_EQUAL(row->pool_misses, stats.pool_misses);
    CHECK_EQUAL(row->max_alloc, stats.max_alloc);
    CHECK_EQUAL(row->curr_stdalloc, stats.curr_stdalloc);
    CHECK_EQUAL(row->max_stdalloc, stats.max_stdalloc);
    CHECK_EQUAL(row->count, stats.count);
    CHECK_EQUAL(row->limit, stats.limit);
    CHECK_EQUAL(row->slabs, stats.slabs);
    CHECK_EQUAL(row->slab_bytes, stats.slab_bytes);
    CHECK_EQUAL(row->cached, stats.cached);
    CHECK_EQUAL(row->depot, stats.depot);
    CHECK_EQUAL(row->caches, stats.caches);
    CHECK_EQUAL(row->misuses, stats.misuses);
}

static void *put_half(void *unused) {
    (void)unused;
    put_all(objects + N / 2, N / 2); /* of another's: parked */
    return NULL;
}

static int pools_are_as_their_statistics(void *unused) {
    (void)unused;
    mempool_misuse_sink_set(-1);
    struct mempool *pools[] = {
        pool_of(64),
        pool_of_options(&POOL_OPTIONS(.object_bytes = 200, .limit = 250, .count = 10)),
        pool_of_options(&POOL_OPTIONS(.object_bytes = 300, .count = 50,
                                      .on_empty = MEMPOOL_HEAP)),
        pool_of_options(&POOL_OPTIONS(.object_bytes = 32, .flags = MEMPOOL_UNCACHED)),
        pool_of_options(&POOL_OPTIONS(.object_bytes = 5000, .align = 4096)),
    };
    enum { N_POOLS = sizeof pools / sizeof pools[0] };
    for (size_t i = 0; i < N_POOLS; i++) {
        for (size_t k = 0; k < N; k++) {
            objects[k] = mempool_get(pools[i]);
        }
        mempool_put(objects[0]);
        mempool_put(objects[0]); /* a double put */
        objects[0] = NULL;
        thread_run(put_half, NULL);
        struct snapshot *snapshot = self_snapshot(0);
        for (size_t k = 0; k < N_POOLS; k++) {
            check_pool(snapshot, pools[k]);
        }
        /* newest first */
        CHECK_EQUAL(snapshot->pools[0].address, (uintptr_t)pools[N_POOLS - 1]);
        CHECK(!snapshot->has_groups && snapshot->n_groups == 0);
        CHECK(snapshot->misuses[MEMPOOL_MISUSE_DOUBLE_PUT].count == i + 1);
        CHECK(strcmp(snapshot->misuses[MEMPOOL_MISUSE_DOUBLE_PUT].kind, "double-put") == 0);
        CHECK(snapshot->n_misuses == MEMPOOL_MISUSE_KINDS);
        CHECK(snapshot->pid == getpid());
        snapshot_free(snapshot);
    }
    end_leaking();
    return 0;
}

static void a_snapshot_has_the_pools_statistics(void **state) {
    (void)state;
    assert_int_equal(child_status(pools_are_as_their_statistics, NULL), 0);
}

static int destroyed_ones(void *unused) {
    (void)unused;
    mempool_misuse_sink_set(-1);
    struct mempool *gone = pool_of(64), *zombie = pool_of(96), *alive = pool_of(64);
    void *left = mempool_get(zombie);
    CHECK_EQUAL(mempool_destroy(gone), 0);
    CHECK_EQUAL(mempool_destroy(zombie), 1);
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_GROUPS);
    CHECK(row_of(snapshot, gone) == NULL && row_of(snapshot, alive) == &snapshot->pools[0]);
    const struct snapshot_pool *row = row_of(snapshot, zombie);
    CHECK(row->kind == SNAPSHOT_ZOMBIE && row->hot == 1 && row == &snapshot->pools[1]);
    CHECK(snapshot->n_groups == 1 && snapshot->groups[0].pool == 1);
    CHECK(snapshot->groups[0].count == 1 && snapshot->groups[0].bytes == 96);
    snapshot_free(snapshot);
    mempool_put(left);
    snapshot = self_snapshot(0);
    CHECK(row_of(snapshot, zombie) == NULL);
    snapshot_free(snapshot);
    return 0;
}

static void destroyed_pools_are_told_apart(void **state) {
    (void)state;
    assert_int_equal(child_status(destroyed_ones, NULL), 0);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static int compare_account(const struct mempool_account *account, void *arg) {
    const struct snapshot *snapshot = arg;
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        const struct snapshot_account *row = &snapshot->accounts[i];
        const struct snapshot_component *component = &snapshot->components[row->component];
        if (component->address != (uintptr_t)account->component ||
            strcmp(row->type, account->type_name) != 0) {
            continue;
        }
        CHECK(strcmp(component->name, account->component_name) == 0);
        CHECK_EQUAL(component->generation, account->generation);
        CHECK(component->ended == (account->ended != 0));
        CHECK_EQUAL(row->live_bytes, account->live_bytes);
        CHECK_EQUAL(row->live_blocks, account->live_blocks);
        CHECK_EQUAL(row->peak_bytes, account->peak_bytes);
        CHECK_EQUAL(row->peak_blocks, account->peak_blocks);
        CHECK_EQUAL(row->total_blocks, account->total_blocks);
        CHECK_EQUAL(row->total_frees, account->total_frees);
        return 0;
    }
    CHECK(false);
    return 0;
}

static void compare_accounts(void) {
    struct snapshot *snapshot = self_snapshot(0);
    CHECK_EQUAL(mempool_accounts(compare_account, snapshot), snapshot->n_accounts);
    for (size_t i = 0; i < snapshot->n_components; i++) {
        const struct snapshot_component *row = &snapshot->components[i];
        struct mempool_component_stats stats =
            component_stats((const struct mempool_component *)(uintptr_t)row->address);
        CHECK(strcmp(row->name, stats.name) == 0 && row->generation == stats.generation);
        CHECK_EQUAL(row->live_bytes, stats.live_bytes);
        CHECK_EQUAL(row->live_blocks, stats.live_blocks);
        CHECK_EQUAL(row->pool_bytes, stats.pool_bytes);
        CHECK_EQUAL(row->charged_bytes, stats.charged_bytes);
        CHECK_EQUAL(row->refused, stats.refused);
        CHECK(row->parent == SNAPSHOT_NONE
                  ? stats.parent == NULL
                  : snapshot->components[row->parent].address == (uintptr_t)stats.parent);
    }
    snapshot_free(snapshot);
}

static void *allocate_elsewhere(void *component) {
    (void)mempool_component_enter(component);
    for (int i = 0; i < N; i++) {
        objects[i] = mempool_malloc((size_t)i * 100, i % 2 ? "odd" : "even");
    }
    compare_accounts();
    return NULL;
}

static int accounts_are_as_read(void *unused) {
    (void)unused;
    mempool_misuse_sink_set(-1);
    struct mempool_component *above = component_of("above", NULL);
    struct mempool_component *below = component_of("below", above);
    limit_hard(below, 10 << 20);
    thread_run(allocate_elsewhere, below);
    compare_accounts();
    for (int i = 0; i < N / 2; i++) {
        mempool_free(objects[i]);
    }
    CHECK(mempool_realloc(objects[N - 1], 1) != NULL);
    struct mempool_component *before = mempool_component_enter(below);
    CHECK(mempool_malloc(100 << 20, "too much") == NULL);
    (void)mempool_create(&(struct mempool_options){
        .struct_size = sizeof(struct mempool_options), .object_bytes = 100, .count = 1000});
    mempool_component_leave(before);
    compare_accounts();
    (void)mempool_component_end(below);
    (void)component_of("below", above);
    compare_accounts();
    struct snapshot *snapshot = self_snapshot(0);
    CHECK_EQUAL(snapshot->n_components, 4);
    CHECK_EQUAL(snapshot->components[2].hard_bytes, 10 << 20);
    CHECK(snapshot->components[2].refused == 1 && snapshot->components[3].generation == 2);
    CHECK(snapshot->pools[0].component == 2);
    snapshot_free(snapshot);
    return 0;
}

static void a_snapshot_has_the_books(void **state) {
    (void)state;
    assert_int_equal(child_status(accounts_are_as_read, NULL), 0);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static _Atomic uint64_t now_ms = 5000;

static uint64_t fake_clock_ms(void) {
    return load_relaxed(&now_ms);
}

static int groups_are_counted(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of(64);
    struct mempool *heap = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 70, .count = 1, .on_empty = MEMPOOL_HEAP));
    for (int i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
        if (i == N / 2 - 1) {
            store_relaxed(&now_ms, load_relaxed(&now_ms) + 100000);
            (void)mempool_mark();
        }
    }
    for (int i = 0; i < 10; i++) {
        CHECK(mempool_get(heap) != NULL);
        CHECK(mempool_malloc(1000, "text") != NULL);
    }
    (void)mempool_mark();
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_GROUPS);
    CHECK(snapshot->has_groups);
    const struct snapshot_group *mine = &snapshot->groups[0], *text = &snapshot->groups[1];
    CHECK(mine->count == N && mine->bytes == (size_t)N * 64);
    CHECK(snapshot->pools[mine->pool].address == (uintptr_t)pool);
    CHECK(strcmp(mine->what, snapshot->pools[mine->pool].name) == 0);
    CHECK(mine->site != 0 && strncmp(mine->symbol, "0x", 2) == 0);
    uint64_t sum = 0;
    for (int i = 0; i < SNAPSHOT_AGES; i++) {
        sum += mine->ages[i];
    }
    CHECK(sum == N && mine->ages[0] == N / 2 && mine->ages[2] == N / 2);
    CHECK(mine->oldest_seconds >= 100 && mine->oldest_seconds <= 102);
    CHECK(text->count == 10 && text->bytes == 10000 && text->pool == SNAPSHOT_NONE);
    CHECK(strstr(text->what, ":text") != NULL);
    uint64_t of_heap = 0;
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        bool is_of_heap =
            group->pool >= 0 && &snapshot->pools[group->pool] == row_of(snapshot, heap);
        of_heap += is_of_heap ? group->count : 0;
    }
    CHECK_EQUAL(of_heap, 10);
    snapshot_free(snapshot);
    end_leaking();
    return 0;
}

enum { N_TYPES = 3000 };

/* A group each: more than the table begins with, and than a piece of memory holds. All once, and
 * then all again, so that groups are looked for that were there before the table grew. */
static void make_groups(void) {
    for (size_t i = 0; i < 2 * N_TYPES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "type-%zu", i % N_TYPES);
        CHECK(mempool_malloc_typed(i % N_TYPES + 1, mempool_type(name)) != NULL);
    }
}

/* Most bytes come first, so that each is where it is to be. */
static void check_groups(const struct snapshot *snapshot) {
    CHECK_EQUAL(snapshot->n_groups, N_TYPES);
    for (size_t i = 0; i < N_TYPES; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        char name[32];
        (void)snprintf(name, sizeof name, ":type-%zu", N_TYPES - 1 - i);
        CHECK(group->count == 2 && group->bytes == 2 * (N_TYPES - i));
        CHECK(strstr(group->what, name) != NULL);
        CHECK_EQUAL(strlen(strstr(group->what, name)), strlen(name));
    }
}

static int many_groups(void *unused) {
    (void)unused;
    make_groups();
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_GROUPS);
    check_groups(snapshot);
    snapshot_free(snapshot);
    end_leaking();
    return 0;
}

static void there_may_be_many_groups(void **state) {
    (void)state;
    assert_int_equal(child_status(many_groups, NULL), 0);
}

static void live_objects_are_grouped_by_site(void **state) {
    (void)state;
    assert_int_equal(child_status(groups_are_counted, NULL), 0);
}

static void *get_some(void *pool) {
    put_all(objects, 0);
    void *object = mempool_get(pool);
    mempool_put(object);
    struct snapshot *snapshot = self_snapshot(0);
    CHECK(snapshot->n_threads == 2 && snapshot->n_running == 2);
    const struct snapshot_thread *row = &snapshot->threads[0];
    row = row->id == sys_thread_id() ? row : &snapshot->threads[1];
    CHECK(row->id == sys_thread_id() && row->caches == 1 && row->number != 0);
    CHECK_EQUAL(row->cached_bytes, row->cached_objects * 64);
    CHECK(row->cached_objects > 0);
    snapshot_free(snapshot);
    return NULL;
}

static int threads_are_listed(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of(64);
    objects[0] = mempool_get(pool);
    thread_run(get_some, pool);
    struct snapshot *snapshot = self_snapshot(0);
    CHECK_EQUAL(snapshot->n_threads, 1);
    snapshot_free(snapshot);
    return 0;
}

/* Threads that share their processors' caches have none of their own; the processors are listed. */
static int processors_are_listed(void *unused) {
    (void)unused;
    CHECK(setenv("MEMPOOL_CACHES", "processor", 1) == 0);
    struct mempool *pool = pool_of(64);
    mempool_put(mempool_get(pool));
    struct snapshot *snapshot = self_snapshot(0);
    bool is_seated = thread_seated;
    CHECK_EQUAL(snapshot->n_running, 1);
    CHECK_EQUAL(snapshot->n_threads > 1, is_seated);
    uint64_t cached = 0;
    for (size_t i = 0; i < snapshot->n_threads; i++) {
        const struct snapshot_thread *row = &snapshot->threads[i];
        CHECK_EQUAL(row->is_processor, strncmp(row->name, "processor ", 10) == 0);
        CHECK_EQUAL(row->is_processor, row->number == 0);
        CHECK(row->is_processor == is_seated || row->caches == 0);
        cached += row->cached_objects;
    }
    CHECK_EQUAL(cached, pool_stats(pool).cached);
    CHECK(cached > 0);
    snapshot_free(snapshot);
    return 0;
}

static void threads_that_run_are_listed(void **state) {
    (void)state;
    assert_int_equal(child_status(threads_are_listed, NULL), 0);
    assert_int_equal(child_status(processors_are_listed, NULL), 0);
}

static int before_the_first(void *unused) {
    (void)unused;
    struct view_source source;
    CHECK(!view_source_self(&source));
    (void)pool_of(64);
    CHECK(view_source_self(&source));
    return 0;
}

static void without_a_pool_there_is_nothing(void **state) {
    (void)state;
    assert_int_equal(child_status(before_the_first, NULL), 0);
}

/* No memory at any point of the walk: said, and nothing is lost. */
static int memory_fails(void *unused) {
    (void)unused;
    struct view_source source;
    struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS};
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    for (size_t i = 0; i < 200; i++) {
        (void)pool_of(64);
    }
    make_groups();
    CHECK(view_source_self(&source));
    int result = -ENOMEM;
    uint64_t nth = 0;
    while (result != 0) {
        nth++;
        faults_arm(FAULT_RESERVE, nth, nth);
        result = snapshot_take(&snapshot, &source, &options, &error);
        (void)faults_disarm();
        CHECK(result == 0 || (result == -ENOMEM && strcmp(error.text, "no memory") == 0));
    }
    CHECK(nth > 6);
    size_t n_pools = 0; /* beside the heap's classes */
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        n_pools += snapshot->pools[i].kind == SNAPSHOT_POOL;
    }
    CHECK_EQUAL(n_pools, 200);
    check_groups(snapshot);
    snapshot_free(snapshot);
    end_leaking();
    return 0;
}

static void want_of_memory_is_said(void **state) {
    (void)state;
    assert_int_equal(child_status(memory_fails, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_pool_there_is_nothing),
        cmocka_unit_test(a_snapshot_has_the_pools_statistics),
        cmocka_unit_test(destroyed_pools_are_told_apart),
        cmocka_unit_test(a_snapshot_has_the_books),
        cmocka_unit_test(live_objects_are_grouped_by_site),
        cmocka_unit_test(there_may_be_many_groups),
        cmocka_unit_test(threads_that_run_are_listed),
        cmocka_unit_test(want_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
