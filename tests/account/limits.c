/* SPDX-License-Identifier: MIT */
/* Limits of components: never passed, refused in time and not too early, counted, and told of. */
#include "unit.h"

#include "accounts.h"
#include "caches.h"
#include "one_processor.h"
#include "rng.h"
#include "scale.h"
#include "threads.h"

#include <stdatomic.h>

enum { N_THREADS = 4, HELD_MAX = 4000 };

static uint64_t grant_of(uint64_t limit) {
    return limit / 64 < 64 << 10 ? limit / 64 : 64 << 10;
}

/* Blocks of one size until one is refused; how many. */
static size_t fill(void **blocks, size_t n, size_t bytes, const char *type) {
    size_t got = 0;
    errno = 0;
    while (got < n && (blocks[got] = mempool_malloc_typed(bytes, mempool_type(type))) != NULL) {
        got++;
    }
    CHECK(got == n || errno == ENOMEM);
    return got;
}

static void free_all(void **blocks, size_t n) {
    for (size_t i = 0; i < n; i++) {
        mempool_free(blocks[i]);
    }
}

/* ---- one thread ------------------------------------------------------------------------------ */

static void refused_at_the_limit(void **state) {
    (void)state;
    enum { LIMIT = 100000, BYTES = 100 };
    void *blocks[LIMIT / BYTES + 1];
    struct mempool_component *component = component_of("one thread", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    limit_hard(component, LIMIT);
    for (int round = 0; round < 3; round++) {
        size_t got = fill(blocks, LIMIT / BYTES + 1, BYTES, "fill");
        assert_int_equal(got, LIMIT / BYTES); /* one thread, one type: to the last byte */
        assert_int_equal(component_stats(component).live_bytes, LIMIT);
        assert_int_equal(component_stats(component).refused, round * 5 + 1);
        assert_refused(mempool_realloc(blocks[0], 101), ENOMEM);
        assert_refused(mempool_calloc(1, 1, "fill"), ENOMEM);
        assert_refused(mempool_malloc(1, "another"), ENOMEM);
        assert_refused(mempool_aligned(64, 300000, "fill"), ENOMEM);
        assert_int_equal(component_stats(component).refused, round * 5 + 5);
        assert_int_equal(mempool_usable_bytes(blocks[0]), 112);
        free_all(blocks, got);
        assert_int_equal(component_stats(component).live_bytes, 0);
        assert_in_range(component_stats(component).charged_bytes, 0, 5 * grant_of(LIMIT));
    }
    assert_int_equal(component_stats(mempool_component_process()).refused, 0);
    mempool_component_leave(before);
}

/* What a thread has been granted for other types is not out of its own reach. */
static void many_types_share_a_limit(void **state) {
    (void)state;
    enum { LIMIT = 1 << 20, BYTES = 1000, N_TYPES = 200 };
    static void *blocks[LIMIT / BYTES + 1];
    char name[32];
    size_t got = 0;
    struct mempool_component *component = component_of("types", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    limit_hard(component, LIMIT);
    for (size_t i = 0; i < N_TYPES; i++) {
        snprintf(name, sizeof name, "share %zu", i);
        got += fill(&blocks[got], 3, BYTES, name);
    }
    assert_int_equal(got, 3 * N_TYPES);
    got += fill(&blocks[got], LIMIT / BYTES + 1 - got, BYTES, "fill");
    assert_true(got * BYTES + grant_of(LIMIT) + BYTES >= LIMIT);
    free_all(blocks, got);
    mempool_component_leave(before);
}

static void below_a_narrower_parent(void **state) {
    (void)state;
    enum { WIDE = 400000, NARROW = 200000, BYTES = 1000 };
    void *blocks[WIDE / BYTES + 1];
    struct mempool_component *parent = component_of("narrow", NULL);
    struct mempool_component *child = component_of("wide", parent);
    struct mempool_component *sibling = component_of("sibling", parent);
    limit_hard(parent, NARROW);
    limit_hard(child, WIDE);
    struct mempool_component *before = mempool_component_enter(child);
    size_t got = fill(blocks, WIDE / BYTES + 1, BYTES, "nested");
    assert_int_equal(got, NARROW / BYTES);
    assert_int_equal(component_stats(parent).refused, 1);
    assert_int_equal(component_stats(child).refused, 0);
    assert_int_equal(component_stats(parent).charged_bytes, NARROW);
    assert_int_equal(component_stats(child).charged_bytes, NARROW);
    (void)mempool_component_enter(sibling);
    assert_refused(mempool_malloc(BYTES, "nested"), ENOMEM);
    assert_int_equal(component_stats(sibling).charged_bytes, 0); /* the refused is undone */
    free_all(blocks, got);
    void *block = mempool_malloc(NARROW / 2, "nested");
    assert_non_null(block);
    mempool_free(block);
    mempool_component_leave(before);
}

static void changed_and_removed(void **state) {
    (void)state;
    struct mempool_component *component = component_of("changing", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    void *block = mempool_malloc(100000, "change");
    limit_hard(component, 50000); /* less than there is: what there is stays */
    assert_refused(mempool_malloc(10000, "change"), ENOMEM);
    block = mempool_realloc(block, 1000);
    assert_non_null(block);
    void *second = mempool_malloc(10000, "change");
    assert_non_null(second);
    assert_refused(mempool_malloc(60000, "change"), ENOMEM);
    assert_int_equal(mempool_component_limit(component, NULL), 0);
    void *third = mempool_malloc(10 << 20, "change");
    assert_non_null(third);
    mempool_free(block);
    mempool_free(second);
    mempool_free(third);
    struct mempool_limits limits = {.struct_size = 8};
    assert_int_equal(mempool_component_limit(component, &limits), -EINVAL);
    assert_int_equal(mempool_component_limit(NULL, NULL), -EINVAL);
    limits = (struct mempool_limits){.struct_size = sizeof limits, .hard_bytes = UINT64_MAX};
    assert_int_equal(mempool_component_limit(component, &limits), -EINVAL);
    mempool_component_leave(before);
}

/* ---- soft limits ----------------------------------------------------------------------------- */

static struct {
    unsigned n_calls;
    uint64_t bytes;
    struct mempool_component *component;
    void (*then)(void);
} told;

static void soft_passed(struct mempool_component *component, uint64_t bytes, void *arg) {
    CHECK(arg == &told);
    told.n_calls++;
    told.bytes = bytes;
    told.component = component;
    if (told.then != NULL) {
        told.then();
    }
}

static void limit_soft(struct mempool_component *component, uint64_t soft, uint64_t hard) {
    memset(&told, 0, sizeof told);
    struct mempool_limits limits = {.struct_size = sizeof limits, .soft_bytes = soft,
                                    .soft_passed = soft_passed, .arg = &told, .hard_bytes = hard};
    CHECK_EQUAL(mempool_component_limit(component, &limits), 0);
}

static void told_once_for_each_crossing(void **state) {
    (void)state;
    enum { SOFT = 1 << 20, N_BLOCKS = 400, BYTES = 10000 };
    void *blocks[N_BLOCKS];
    struct mempool_component *component = component_of("soft", NULL);
    struct mempool_component *inner = component_of("inner", component);
    struct mempool_component *before = mempool_component_enter(inner);
    limit_soft(component, SOFT, 0);
    for (unsigned round = 1; round <= 3; round++) {
        assert_int_equal(fill(blocks, 50, BYTES, "soft"), 50);
        assert_int_equal(told.n_calls, round - 1);
        assert_int_equal(fill(&blocks[50], N_BLOCKS - 50, BYTES, "soft"), N_BLOCKS - 50);
        assert_int_equal(told.n_calls, round);
        assert_true(told.bytes > SOFT);
        assert_ptr_equal(told.component, component);
        free_all(blocks, N_BLOCKS);
    }
    /* one block that crosses at once, each time after all was freed */
    for (unsigned round = 4; round <= 6; round++) {
        void *block = mempool_malloc(2 * SOFT, "soft");
        assert_int_equal(told.n_calls, round);
        mempool_free(block);
    }
    mempool_component_leave(before);
    assert_int_equal(mempool_component_limit(component, NULL), 0);
}

static void *inside[400];

static void allocate_inside(void) {
    static bool again;
    char name[32];
    if (again) {
        return;
    }
    again = true;
    /* New types: the thread's tallies move. The same one: its balance shrinks. */
    for (size_t i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "inside %zu", i);
        inside[i] = mempool_malloc_typed(64, mempool_type(i % 2 == 0 ? "soft" : name));
        CHECK(inside[i] != NULL);
    }
    free_all(inside, 400);
}

static void callbacks_allocate_and_free(void **state) {
    (void)state;
    enum { SOFT = 500000, BYTES = 30000, N_BLOCKS = 40 };
    void *blocks[N_BLOCKS];
    struct mempool_component *component = component_of("inside", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    limit_soft(component, SOFT, 0);
    told.then = allocate_inside;
    assert_int_equal(fill(blocks, N_BLOCKS, BYTES, "soft"), N_BLOCKS);
    assert_true(told.n_calls > 0);
    struct mempool_account account = account_of(component, "soft");
    assert_int_equal(account.live_bytes, N_BLOCKS * BYTES);
    assert_int_equal(account.live_blocks, N_BLOCKS);
    assert_int_equal(account.total_blocks, N_BLOCKS + 200);
    assert_in_range(account.peak_bytes, N_BLOCKS * BYTES, N_BLOCKS * BYTES);
    free_all(blocks, N_BLOCKS);
    assert_int_equal(component_stats(component).live_bytes, 0);
    assert_int_equal(component_stats(component).live_blocks, 0);
    mempool_component_leave(before);
    assert_int_equal(mempool_component_limit(component, NULL), 0);
}

static size_t taken_inside;

static void take_the_rest(void) {
    while (taken_inside < 400 &&
           (inside[taken_inside] = mempool_malloc(1000, "soft")) != NULL) {
        taken_inside++;
    }
}

/* The callback takes what the thread had left: the hard limit holds nonetheless. */
static void callbacks_meet_the_hard_limit(void **state) {
    (void)state;
    enum { HARD = 200000 };
    struct mempool_component *component = component_of("both", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    for (size_t first = 1000; first < 199000; first += 997) {
        taken_inside = 0;
        limit_soft(component, 100000, HARD);
        told.then = take_the_rest;
        void *start = mempool_malloc(first, "soft"), *last = mempool_malloc(120000, "soft");
        assert_true(component_stats(component).live_bytes <= HARD);
        assert_true(component_stats(component).live_bytes <=
                    component_stats(component).charged_bytes);
        mempool_free(start);
        mempool_free(last);
        free_all(inside, taken_inside);
        assert_int_equal(component_stats(component).live_bytes, 0);
    }
    mempool_component_leave(before);
    assert_int_equal(mempool_component_limit(component, NULL), 0);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { OUTER = 1 << 20, INNER = 400000, N_NESTED = 3 };

static struct mempool_component *nested[N_NESTED]; /* outer, and two inside */
static const int64_t nested_limits[N_NESTED] = {OUTER, INNER, 4 * OUTER};
static _Atomic int64_t live[N_NESTED]; /* at most what is live */
static atomic_uint_fast64_t n_refused, n_passed;
static size_t n_steps;

static void note_live(size_t idx, int64_t bytes) {
    for (size_t i = 0; i < N_NESTED; i++) {
        if (i == idx || i == 0) {
            CHECK(atomic_fetch_add(&live[i], bytes) + bytes <= nested_limits[i]);
        }
    }
}

static void *press_against_limits(void *argument) {
    struct rng rng = {.state = (uintptr_t)argument};
    static __thread struct {
        void *block;
        size_t bytes, idx;
    } held[HELD_MAX];
    size_t n_held = 0;
    for (size_t i = 0; i < n_steps; i++) {
        if (n_held < HELD_MAX && rng_chance(&rng, 55)) {
            size_t idx = rng_below(&rng, N_NESTED);
            size_t bytes = rng_below(&rng, rng_chance(&rng, 95) ? 1000 : 60000);
            struct mempool_component *before = mempool_component_enter(nested[idx]);
            void *block = rng_chance(&rng, 50) ? mempool_malloc(bytes, "press")
                                               : mempool_malloc(bytes, "on");
            mempool_component_leave(before);
            if (block == NULL) {
                atomic_fetch_add(&n_refused, 1);
                continue;
            }
            note_live(idx, (int64_t)bytes);
            held[n_held].block = block;
            held[n_held].bytes = bytes;
            held[n_held++].idx = idx;
        } else if (n_held > 0) {
            n_held--;
            note_live(held[n_held].idx, -(int64_t)held[n_held].bytes);
            mempool_free(held[n_held].block);
        }
        if (n_held > 0 && rng_below(&rng, 2000) == 0) { /* room again, for all */
            for (; n_held > 0; n_held--) {
                note_live(held[n_held - 1].idx, -(int64_t)held[n_held - 1].bytes);
                mempool_free(held[n_held - 1].block);
            }
        }
    }
    for (; n_held > 0; n_held--) {
        note_live(held[n_held - 1].idx, -(int64_t)held[n_held - 1].bytes);
        mempool_free(held[n_held - 1].block);
    }
    return NULL;
}

static void never_passed_by_threads(void **state) {
    (void)state;
    pthread_t threads[N_THREADS];
    n_steps = 20000 + test_scaled(300000);
    nested[0] = component_of("outer", NULL);
    nested[1] = component_of("small", nested[0]);
    nested[2] = component_of("large", nested[0]);
    for (size_t i = 0; i < N_NESTED; i++) {
        limit_hard(nested[i], (uint64_t)nested_limits[i]);
    }
    for (uintptr_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(press_against_limits, (void *)(i + 1));
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    uint64_t n_counted = 0;
    for (size_t i = 0; i < N_NESTED; i++) {
        n_counted += component_stats(nested[i]).refused;
        assert_int_equal(component_stats(nested[i]).live_bytes, 0);
        /* the threads ended */
        assert_true(component_stats(nested[i]).charged_bytes == 0 || !caches_are_of_threads());
    }
    assert_int_equal(n_counted, atomic_load(&n_refused));
    assert_true(n_counted > 0);
    if (caches_are_of_threads()) { /* all of it can be had again */
        struct mempool_component *before = mempool_component_enter(nested[0]);
        void *block = mempool_malloc(OUTER, "press");
        assert_non_null(block);
        mempool_free(block);
        mempool_component_leave(before);
    }
}

/* ---- not too early --------------------------------------------------------------------------- */

static pthread_barrier_t meeting;
static struct mempool_component *shared_limit;

/* Leaves the thread with as much granted as it can have: after growth and after decline. */
static void *hold_a_grant(void *unused) {
    void *blocks[300];
    (void)mempool_component_enter(shared_limit);
    CHECK_EQUAL(fill(blocks, 300, 100, "early"), 300);
    free_all(blocks, 300);
    pthread_barrier_wait(&meeting);
    pthread_barrier_wait(&meeting);
    return unused;
}

static void not_refused_too_early(void **state) {
    (void)state;
    enum { LIMIT = 1 << 18, BYTES = 100 };
    static void *blocks[LIMIT / BYTES + 1];
    pthread_t threads[N_THREADS];
    assert_int_equal(pthread_barrier_init(&meeting, NULL, N_THREADS + 1), 0);
    shared_limit = component_of("early", NULL);
    limit_hard(shared_limit, LIMIT);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(hold_a_grant, NULL);
    }
    pthread_barrier_wait(&meeting);
    struct mempool_component *before = mempool_component_enter(shared_limit);
    size_t got = fill(blocks, LIMIT / BYTES + 1, BYTES, "early");
    assert_true(got * BYTES + BYTES + (N_THREADS + 1) * grant_of(LIMIT) >= LIMIT);
    free_all(blocks, got);
    mempool_component_leave(before);
    pthread_barrier_wait(&meeting);
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
}

static atomic_bool is_over;

static void *ask_for_too_much(void *unused) {
    (void)mempool_component_enter(shared_limit);
    while (!atomic_load(&is_over)) {
        CHECK(mempool_malloc(100 << 20, "too much") == NULL);
        atomic_fetch_add(&n_passed, 1);
    }
    return unused;
}

/* Who asks for more than there is takes nothing from those who ask for little. */
static void refused_takes_nothing(void **state) {
    (void)state;
    pthread_t threads[2];
    struct mempool_component *outer = component_of("greedy's", NULL);
    shared_limit = component_of("greedy", outer);
    limit_hard(outer, 4 << 20);
    limit_hard(shared_limit, 1 << 30); /* the outer one refuses */
    for (size_t i = 0; i < 2; i++) {
        threads[i] = thread_start(ask_for_too_much, NULL);
    }
    struct mempool_component *before = mempool_component_enter(shared_limit);
    for (size_t i = test_scaled(300000); i > 0; i--) {
        void *block = mempool_malloc(300000, "little");
        assert_non_null(block);
        mempool_free(block);
    }
    mempool_component_leave(before);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 2; i++) {
        thread_join(threads[i]);
    }
    assert_int_equal(component_stats(outer).refused, atomic_load(&n_passed));
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_at_the_limit),
        cmocka_unit_test(many_types_share_a_limit),
        cmocka_unit_test(below_a_narrower_parent),
        cmocka_unit_test(changed_and_removed),
        cmocka_unit_test(told_once_for_each_crossing),
        cmocka_unit_test(callbacks_allocate_and_free),
        cmocka_unit_test(callbacks_meet_the_hard_limit),
        cmocka_unit_test(never_passed_by_threads),
        cmocka_unit_test(not_refused_too_early),
        cmocka_unit_test(refused_takes_nothing),
    };
    watchdog_set(test_runtime_is_plain() ? 100 : 500);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
