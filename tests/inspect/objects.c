/* SPDX-License-Identifier: MIT */
/* Addresses explained by a snapshot that was saved with objects, and by the process itself: the
 * same of slots, and of what is between, behind and beside them. Each test is a process of its
 * own. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "rng.h"
#include "saved.h"
#include "scale.h"
#include "self.h"
#include "threads.h"

#include "base/atomics.h"
#include "inspect/objects.h"
#include "slab/slab.h"
#include "view/describe.h"

#include <mempool/observe.h>

#include <sys/prctl.h>

enum { N = 700, RANDOM = 500, SLOTS_MOST = 100, ODD_BYTES = 100, LARGE_BYTES = 3 << 20 };
enum { NUMBERS = 1100 }; /* more threads than there are numbers */
enum { SLABS = 20 };     /* or less, where one has several objects */
enum { SNAPSHOTS = 300, SECONDS_MAX = 10 }; /* of a process at work */

static void *objects[N], *spilled[20], *blocks[N];

/* ---- the same twice -------------------------------------------------------------------------- */

/* A source whose clock stands still, so that ages are the same at any time. */
static struct view_source still_source(void) {
    struct view_source source;
    CHECK(view_source_self(&source));
    source.kind = SNAPSHOT_OF_CORE;
    return source;
}

/* Saved, and read back. */
static struct snapshot *saved_of(struct view_source *source) {
    const struct snapshot_options options = {.want = SNAPSHOT_WANT_OBJECTS};
    struct snapshot_error error;
    struct snapshot *taken = NULL, *read = NULL;
    if (snapshot_take(&taken, source, &options, &error) != 0) {
        printf("%s\n", error.text);
    }
    CHECK(taken != NULL && taken->has_objects);
    struct saved saved = saved_json(taken);
    if (saved_read(saved.text, saved.length, &read, &error) != 0) {
        printf("%s\n", error.text);
    }
    CHECK(read != NULL);
    free(saved.text);
    snapshot_free(taken);
    return read;
}

static struct snapshot *saved_snapshot(void) {
    struct view_source source = still_source();
    return saved_of(&source);
}

static void print_difference(const struct view_description *a, const struct view_description *b) {
    const struct view_description *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct view_description *d = both[i];
        printf("%#llx: state %d, %s, block %d, heap %d, destroyed %d, pool %#llx, object %#llx + "
               "%llu, %llu (%llu) bytes, slot %llu, site %#llx, thread %lld %s %d, age %lld\n",
               (unsigned long long)d->address, (int)d->state, d->what, d->is_block, d->is_heap,
               d->is_pool_destroyed, (unsigned long long)d->pool, (unsigned long long)d->object,
               (unsigned long long)d->offset, (unsigned long long)d->object_bytes,
               (unsigned long long)d->padded_bytes, (unsigned long long)d->slot,
               (unsigned long long)d->site, (long long)d->thread, d->thread_name,
               d->has_thread_exited, (long long)d->age_seconds);
    }
}

static bool is_same(const struct view_description *a, const struct view_description *b) {
    return a->address == b->address && a->state == b->state && a->pool == b->pool &&
           strcmp(a->what, b->what) == 0 && a->is_block == b->is_block &&
           a->is_heap == b->is_heap && a->is_pool_destroyed == b->is_pool_destroyed &&
           a->object == b->object && a->offset == b->offset &&
           a->object_bytes == b->object_bytes && a->padded_bytes == b->padded_bytes &&
           a->slot == b->slot && a->site == b->site && a->thread == b->thread &&
           strcmp(a->thread_name, b->thread_name) == 0 &&
           a->has_thread_exited == b->has_thread_exited && a->age_seconds == b->age_seconds;
}

static enum mempool_state check_address(const struct snapshot *snapshot, uint64_t address) {
    struct view_source source = still_source();
    struct view_description wanted, found;
    const struct snapshot_symbol *site;
    struct snapshot_error error;
    CHECK_EQUAL(view_describe(&wanted, &source, address, &error), 0);
    objects_describe(snapshot, address, &found, &site);
    if (!is_same(&wanted, &found)) {
        print_difference(&wanted, &found);
        CHECK(false);
    }
    CHECK((site != NULL) == (found.site != 0) && (site == NULL || site->address == found.site));
    return found.state;
}

/* What was seen of each state. */
static size_t seen[MEMPOOL_STATE_TAIL + 1];

static void check_around(const struct snapshot *snapshot, uint64_t address) {
    seen[check_address(snapshot, address)]++;
    (void)check_address(snapshot, address - 1);
    (void)check_address(snapshot, address + 1);
}

/* About so many slots of it, and all that is behind them. */
static void check_slab(const struct snapshot *snapshot, const struct snapshot_slab *slab,
                       struct rng *rng) {
    uint64_t stride = snapshot->pools[slab->pool].padded_bytes;
    uint64_t slots = slab->bytes / stride + 1;
    for (uint64_t i = 0; i < slots; i += 1 + rng_below(rng, slots / SLOTS_MOST * 2 + 1)) {
        check_around(snapshot, slab->address + i * stride);
    }
    check_around(snapshot, slab->address + slab->slots * stride);
    check_around(snapshot, slab->address + slab->bytes);
}

static void check_everything(void) {
    struct snapshot *snapshot = saved_snapshot();
    struct rng rng = {.state = rng_seed()};
    uint64_t end = snapshot->arena_start + snapshot->arena_bytes;
    memset(seen, 0, sizeof seen);
    CHECK(snapshot->n_slabs > 0);
    for (size_t i = 0; i < snapshot->n_slabs; i++) {
        check_slab(snapshot, &snapshot->slabs[i], &rng);
    }
    for (uint64_t at = snapshot->arena_start; at <= end; at += 64 << 10) {
        check_around(snapshot, at);
    }
    for (size_t i = 0; i < RANDOM; i++) {
        (void)check_address(snapshot, snapshot->arena_start +
                                          rng_below(&rng, snapshot->arena_bytes));
    }
    for (size_t i = 0; i < sizeof spilled / sizeof spilled[0]; i++) {
        check_around(snapshot, (uintptr_t)spilled[i]);
        check_around(snapshot, (uintptr_t)spilled[i] + ODD_BYTES);
    }
    for (size_t i = 0; i < N; i++) {
        (void)check_address(snapshot, (uintptr_t)objects[i]);
        (void)check_address(snapshot, (uintptr_t)blocks[i]);
    }
    check_around(snapshot, (uintptr_t)&rng);
    check_around(snapshot, 1);
    check_around(snapshot, UINT64_MAX - 1);
    snapshot_free(snapshot);
}

/* ---- what there is --------------------------------------------------------------------------- */

static void *work(void *pool) {
    CHECK_EQUAL(prctl(PR_SET_NAME, "odd\\\n"), 0);
    for (size_t i = 0; i < N; i += 3) {
        mempool_put(objects[i]); /* another's */
        objects[i] = NULL;
    }
    for (size_t i = 0; i < N; i += 6) {
        objects[i] = mempool_get(pool);
    }
    return NULL;
}

static void get_blocks(void) {
    struct mempool_component *first = component_of("shop", NULL);
    struct mempool_component *before = mempool_component_enter(first);
    for (size_t i = 0; i < N; i++) {
        blocks[i] = mempool_malloc(i % 90 + 1, i % 2 == 0 ? "cart\\" : "token");
    }
    for (size_t i = 0; i < N; i += 7) {
        mempool_free(blocks[i]);
    }
    blocks[0] = mempool_malloc(LARGE_BYTES, "large");
    blocks[7] = mempool_malloc(LARGE_BYTES / 3, "large");
    mempool_free(blocks[7]);
    mempool_component_leave(before);
    mempool_component_end(first);
    before = mempool_component_enter(component_of("shop", NULL)); /* shop#2 */
    blocks[14] = mempool_malloc(10, "cart\\");
    mempool_component_leave(before);
}

static int a_process(void *unused) {
    (void)unused;
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(ODD_BYTES), *zombie = pool_of(500), *gone = pool_of(3000);
    struct mempool *spill = pool_of_options(&POOL_OPTIONS(.object_bytes = ODD_BYTES, .count = 3,
                                                          .on_empty = MEMPOOL_HEAP));
    struct mempool *spill_gone = pool_of_options(&POOL_OPTIONS(.object_bytes = 40, .count = 1,
                                                               .on_empty = MEMPOOL_HEAP));
    get_all(pool, objects, N);
    mempool_put(mempool_get(pool_of(70000)));
    void *left = mempool_get(zombie), *large = mempool_get(gone);
    mempool_put(large);
    CHECK_EQUAL(mempool_destroy(zombie), 1);
    CHECK_EQUAL(mempool_destroy(gone), 0);
    for (size_t i = 0; i < sizeof spilled / sizeof spilled[0]; i++) {
        spilled[i] = mempool_get(i % 4 == 0 ? spill_gone : spill);
    }
    mempool_put(spilled[9]);
    CHECK(mempool_destroy(spill_gone) > 0);
    get_blocks();
    thread_run(work, pool);
    check_everything();
    for (size_t i = MEMPOOL_STATE_FOREIGN; i <= MEMPOOL_STATE_TAIL; i++) {
        CHECK(seen[i] > 0);
    }
    CHECK(left != NULL);
    end_leaking();
    return 0;
}

static void all_of_a_process(void **state) {
    (void)state;
    assert_int_equal(child_status(a_process, NULL), 0);
}

/* Records of samples do not tell who got them. */
static int samples(void *unused) {
    (void)unused;
    CHECK_EQUAL(mempool_sample_stacks(300), 0);
    struct mempool *pool = pool_of(ODD_BYTES);
    get_all(pool, objects, N);
    thread_run(work, pool);
    for (size_t i = 0; i < N; i++) {
        blocks[i] = mempool_malloc(200, "sampled");
    }
    check_everything();
    struct snapshot *snapshot = saved_snapshot();
    const struct snapshot_symbol *site;
    struct view_description found;
    size_t known = 0;
    for (size_t i = 1; i < N; i++) {
        objects_describe(snapshot, (uintptr_t)blocks[i], &found, &site);
        known += found.thread == (int64_t)gettid();
    }
    CHECK_EQUAL(known, N - 1);
    snapshot_free(snapshot);
    end_leaking();
    return 0;
}

static void sampled_objects_have_their_threads(void **state) {
    (void)state;
    assert_int_equal(child_status(samples, NULL), 0);
}

static void *get_some(void *pool) {
    get_all(pool, objects, N / 2);
    return NULL;
}

static void *get_and_put(void *pool) {
    mempool_put(mempool_get(pool));
    return NULL;
}

/* A number that another thread has now. */
static int numbers_again(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of(ODD_BYTES);
    struct view_source source = still_source();
    struct view_description found;
    struct snapshot_error error;
    thread_run(get_some, pool);
    sleep_ms(2100); /* a second on, by any clock */
    for (int i = 0; i < NUMBERS; i++) {
        thread_run(get_and_put, pool);
    }
    CHECK_EQUAL(view_describe(&found, &source, (uintptr_t)objects[0], &error), 0);
    CHECK(found.has_thread_exited && found.thread == 0 && found.age_seconds > 0);
    check_everything();
    end_leaking();
    return 0;
}

static void numbers_that_went_to_other_threads(void **state) {
    (void)state;
    assert_int_equal(child_status(numbers_again, NULL), 0);
}

/* A slab that moved on by a chunk, or grew too large for the arena, between two looks at it. */
struct moving {
    struct view_source source, behind;
    uintptr_t slab;
    size_t looks;
};

static int read_moving(struct view_source *source, uint64_t address, void *into, size_t n) {
    struct moving *moving = (struct moving *)source;
    int result = moving->behind.read(&moving->behind, address, into, n);
    /* a look is two readings: before its records, and after */
    if (result == 0 && address == moving->slab && moving->looks++ >= 2) {
        ((struct slab *)into)->first_chunk++;
    }
    return result;
}

static int moving_slab(void *unused) {
    (void)unused;
    struct descriptor *descriptor;
    record *slot_record;
    get_all(pool_of(150000), objects, SLABS);
    struct snapshot *still = saved_snapshot();
    for (size_t i = 0; i < SLABS; i++) {
        CHECK(slot_find(objects[i], &descriptor, &slot_record) == SLOT_FOUND);
        struct moving moving = {.behind = still_source()};
        moving.slab = (uintptr_t)load_relaxed(&descriptor->slab);
        moving.source = moving.behind;
        moving.source.read = read_moving;
        struct snapshot *moved = saved_of(&moving.source);
        CHECK(moving.looks > 2 && moved->n_slabs > 0 && moved->n_slabs <= still->n_slabs);
        snapshot_free(moved);
    }
    snapshot_free(still);
    end_leaking();
    return 0;
}

static void slabs_that_change_meanwhile_do_not_overlap(void **state) {
    (void)state;
    assert_int_equal(child_status(moving_slab, NULL), 0);
}

/* ---- while it works -------------------------------------------------------------------------- */

static _Atomic bool ending;

/* Slabs of all sizes come and go, and their chunks are others' the next moment. */
static void *come_and_go(void *number) {
    struct rng rng = {.state = (uintptr_t)number + 1};
    void *some[40];
    while (!load_relaxed(&ending)) {
        struct mempool *pool = pool_of((size_t)16 << rng_below(&rng, 14));
        get_all(pool, some, 40);
        void *block = mempool_malloc((size_t)1 << rng_below(&rng, 21), "busy");
        put_all(some, 40);
        CHECK_EQUAL(mempool_destroy(pool), 0);
        mempool_free(block);
        if (rng_chance(&rng, 10)) {
            (void)mempool_trim(NULL);
        }
    }
    return NULL;
}

static void check_still(const struct snapshot *snapshot) {
    for (size_t i = 0; i < N; i++) {
        struct view_description found;
        const struct snapshot_symbol *site;
        objects_describe(snapshot, (uintptr_t)objects[i], &found, &site);
        CHECK(found.state == MEMPOOL_STATE_LIVE && found.object == (uintptr_t)objects[i]);
        CHECK(site != NULL && found.object_bytes == ODD_BYTES);
    }
}

static int busy(void *unused) {
    (void)unused;
    pthread_t threads[3];
    time_t end = time(NULL) + SECONDS_MAX;
    get_all(pool_of(ODD_BYTES), objects, N);
    for (size_t i = 0; i < 3; i++) {
        threads[i] = thread_start(come_and_go, (void *)(uintptr_t)i);
    }
    for (size_t i = 0; i < test_scaled(SNAPSHOTS) && time(NULL) < end; i++) {
        struct snapshot *snapshot = saved_snapshot();
        check_still(snapshot);
        snapshot_free(snapshot);
    }
    store_relaxed(&ending, true);
    for (size_t i = 0; i < 3; i++) {
        thread_join(threads[i]);
    }
    end_leaking();
    return 0;
}

static void snapshots_of_a_process_at_work_can_be_read(void **state) {
    (void)state;
    assert_int_equal(child_status(busy, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_process),
        cmocka_unit_test(sampled_objects_have_their_threads),
        cmocka_unit_test(numbers_that_went_to_other_threads),
        cmocka_unit_test(slabs_that_change_meanwhile_do_not_overlap),
        cmocka_unit_test(snapshots_of_a_process_at_work_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
