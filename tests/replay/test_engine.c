/* SPDX-License-Identifier: MIT */
/* The engine: rounds run what the plan says, and find contenders that misbehave. */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "forge.h"
#include "replay/contenders.h"
#include "replay/resident.h"
#include "scale.h"

enum {
    REQUESTS_MAX = 3000,
    OPENING = 7, /* events before the first request */
    EVENTS_MAX = OPENING + 6 * REQUESTS_MAX,
    SLOTS = 4,
};

static uint32_t n_requests; /* even */

/* Four threads pass objects on: each request gets three objects on one thread and puts them on
 * three; two of them are put by another thread than got them, and slots go round. */
static struct trace *make_trace(void) {
    static struct forge_event events[EVENTS_MAX];
    struct forge_event *event = events;
    for (uint16_t thread = 0; thread < 4; thread++) {
        *event++ = (struct forge_event){TRACE_THREAD_START, thread, FORGE_NO_POOL, 0};
    }
    for (uint16_t pool = 0; pool < 3; pool++) {
        *event++ = (struct forge_event){TRACE_POOL_NEW, 0, pool, 0};
    }
    for (uint32_t i = 0; i < n_requests; i++) {
        uint16_t thread = (uint16_t)(i % 4);
        for (uint16_t pool = 0; pool < 3; pool++) {
            uint8_t operation = (i + pool) % 2 ? TRACE_GET : TRACE_GET0;
            *event++ = (struct forge_event){operation, thread, pool, i % SLOTS};
        }
        for (uint16_t pool = 0; pool < 3; pool++) {
            uint16_t by = (uint16_t)((thread + pool) % 4);
            *event++ = (struct forge_event){TRACE_PUT, by, pool, i % SLOTS};
        }
    }
    /* The last object of the largest pool stays live. */
    size_t n = (size_t)(event - events) - 1;
    struct forge_text text = forge_standard(
        4, "pool 0 a:tiny 3 4 4\npool 1 a:small 40 4 4\npool 2 b:large 5000 2 4\n", events, n);
    struct trace *trace = NULL;
    struct trace_error error;
    if (forge_load(text, &trace, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
    free(text.bytes);
    return trace;
}

struct fixture {
    struct trace *trace;
    struct plan *plan;
    struct replay_engine *engine;
};

static struct trace *load_mixed(void) {
    struct forge_text text = forge_mixed();
    struct trace *trace = NULL;
    struct trace_error error;
    if (forge_load(text, &trace, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
    free(text.bytes);
    return trace;
}

static struct fixture make_fixture_of(struct trace *trace, unsigned workers) {
    struct fixture fixture = {.trace = trace};
    fixture.plan = plan_create(fixture.trace, workers);
    assert_non_null(fixture.plan);
    fixture.engine = replay_engine_create(fixture.plan);
    assert_non_null(fixture.engine);
    return fixture;
}

static struct fixture make_fixture(unsigned workers) {
    return make_fixture_of(make_trace(), workers);
}

static void drop_fixture(struct fixture *fixture) {
    replay_engine_destroy(fixture->engine);
    plan_destroy(fixture->plan);
    trace_unload(fixture->trace);
}

/* ---- a contender that counts, and misbehaves when told ---- */

enum misdeed {
    BEHAVE,
    SAME_OBJECT_TWICE, /* the objects of a pool overlap */
    TAIL_OVERLAP,      /* they overlap behind the bytes that the timed loop writes */
    DIRTY_GET0,
    NO_OBJECT,
    NO_BLOCK,
    SAME_BLOCK_TWICE,
    DIRTY_CALLOC,
    FORGETFUL_REALLOC,
    FORGETS_THE_TAIL,
    NO_SITE,
    NO_POOL,
    NO_START,
    CRASH,
};

static enum misdeed misdeed;
static atomic_uint n_gets, n_zeroed, n_puts, n_pools, n_begun, n_threads;
static atomic_uint n_sites, n_allocations, n_reallocations, n_frees;

/* Everything it hands out: never reused within a round, and given back before the next, because
 * a round that ends with a fault leaves its pools as they were. */
static struct replay_memory odd_memory;
static pthread_mutex_t odd_lock = PTHREAD_MUTEX_INITIALIZER;

static void *odd_take(size_t bytes) {
    pthread_mutex_lock(&odd_lock);
    void *taken = replay_memory_take(&odd_memory, 1, bytes);
    pthread_mutex_unlock(&odd_lock);
    assert(taken);
    return taken;
}

struct odd_pool {
    size_t object_bytes;
    char *shared; /* what gives the objects that overlap */
    atomic_uint n_got;
};

static int odd_begin(const struct trace *trace) {
    assert(trace->n_pools == 3 || trace->n_sites == 3);
    n_begun++;
    return misdeed == NO_START ? -EBUSY : 0;
}

static void odd_end(void) {
    n_begun--;
}

static void odd_thread_start(void) {
    n_threads++;
}

static void *odd_pool_create(size_t object_bytes, size_t count, const char *name) {
    (void)count;
    if (misdeed == NO_POOL && strcmp(name, "b:large") == 0) {
        errno = EOVERFLOW;
        return NULL;
    }
    struct odd_pool *pool = odd_take(sizeof(*pool));
    pool->object_bytes = object_bytes;
    pool->shared = odd_take(2 * (object_bytes + 64));
    n_pools++;
    return pool;
}

static void odd_pool_destroy(void *handle) {
    assert(((struct odd_pool *)handle)->shared);
    n_pools--;
}

static void *odd_get(struct odd_pool *pool, bool is_zeroed) {
    n_gets++;
    n_zeroed += is_zeroed;
    unsigned number = pool->n_got++;
    if (misdeed == CRASH) {
        raise(SIGSEGV);
    }
    if (misdeed == NO_OBJECT && number == 20) {
        errno = ENOMEM;
        return NULL;
    }
    if (misdeed == SAME_OBJECT_TWICE) {
        memset(pool->shared, 0, pool->object_bytes);
        return pool->shared;
    }
    if (misdeed == TAIL_OVERLAP && pool->object_bytes > 128) {
        /* Two by turns, 64 bytes apart. */
        char *object = pool->shared + 64 * (number % 2);
        memset(object, 0, pool->object_bytes);
        return object;
    }
    char *object = odd_take(pool->object_bytes);
    memset(object, is_zeroed ? 0 : 0xa5, pool->object_bytes);
    if (misdeed == DIRTY_GET0 && is_zeroed && pool->object_bytes > 128) {
        object[pool->object_bytes - 1] = 1;
    }
    return object;
}

static void odd_put(struct odd_pool *pool, void *object) {
    assert(pool->shared && object);
    n_puts++;
}

/* A block's bytes follow its size. */
struct odd_block {
    _Alignas(16) size_t bytes;
};

struct odd_site {
    char shared[8192];
};

static void *odd_site_create(const char *name) {
    if (misdeed == NO_SITE && strcmp(name, "a:second") == 0) {
        errno = EOVERFLOW;
        return NULL;
    }
    n_sites++;
    return odd_take(sizeof(struct odd_site));
}

static void *odd_malloc(struct odd_site *site, size_t bytes, bool is_zeroed) {
    unsigned number = n_allocations++;
    if (misdeed == NO_BLOCK && number == 20) {
        errno = ENOMEM;
        return NULL;
    }
    struct odd_block *block = misdeed == SAME_BLOCK_TWICE ? (struct odd_block *)(void *)site->shared
                                                          : odd_take(sizeof(*block) + bytes);
    block->bytes = bytes;
    memset(block + 1, is_zeroed ? 0 : 0xa5, bytes);
    if (misdeed == DIRTY_CALLOC && is_zeroed && bytes > 128) {
        ((char *)(block + 1))[bytes - 1] = 1;
    }
    return block + 1;
}

static void *odd_realloc(void *block, size_t bytes) {
    n_reallocations++;
    const struct odd_block *before = (struct odd_block *)block - 1;
    struct odd_block *after = odd_take(sizeof(*after) + bytes);
    size_t kept = before->bytes < bytes ? before->bytes : bytes;
    after->bytes = bytes;
    if (misdeed != FORGETFUL_REALLOC) {
        memcpy(after + 1, block, kept);
    }
    if (misdeed == FORGETS_THE_TAIL && kept > 128) {
        ((char *)(after + 1))[kept - 1] ^= 1;
    }
    return after + 1;
}

static void odd_free(void *block) {
    assert(block);
    n_frees++;
}

#define REPLAY_PREFIX odd_contender
#define REPLAY_MALLOC(site, bytes) odd_malloc(site, bytes, false)
#define REPLAY_CALLOC(site, bytes) odd_malloc(site, bytes, true)
#define REPLAY_REALLOC(site, block, bytes) odd_realloc(block, bytes)
#define REPLAY_FREE(site, block) odd_free(block)
#define REPLAY_GET(pool, object_bytes) odd_get(pool, false)
#define REPLAY_GET0(pool, object_bytes) odd_get(pool, true)
#define REPLAY_PUT(pool, object) odd_put(pool, object)
#include "replay/engine_template.h"

static const struct replay_contender odd = {
    .name = "odd",
    .round_begin = odd_begin,
    .round_end = odd_end,
    .thread_start = odd_thread_start,
    .pool_create = odd_pool_create,
    .pool_destroy = odd_pool_destroy,
    .put = odd_contender_put,
    .site_create = odd_site_create,
    .free = odd_contender_free,
    .run_single = odd_contender_run_single,
    .run_shared = odd_contender_run_shared,
    .run_verified = odd_contender_run_verified,
};

static void reset_counts(enum misdeed now) {
    replay_memory_release(&odd_memory);
    misdeed = now;
    n_gets = n_zeroed = n_puts = n_pools = n_begun = n_threads = 0;
    n_sites = n_allocations = n_reallocations = n_frees = 0;
}

/* ---- tests ---- */

static void note_end(void *arg, void *const *pools, size_t n) {
    unsigned *called = arg;
    *called += 1;
    assert_int_equal(n, 3);
    assert_non_null(pools[2]);
    /* All but the object that the trace leaves, which is put after this. */
    assert_int_equal(n_gets, 3 * n_requests);
    assert_int_equal(n_puts, 3 * n_requests - 1);
}

static void run_everything(unsigned workers, bool verified) {
    struct fixture fixture = make_fixture(workers);
    unsigned ends = 0;
    struct replay_options options = {.verified = verified, .at_end = note_end, .arg = &ends};
    for (int round = 0; round < 3; round++) {
        struct replay_outcome outcome;
        reset_counts(BEHAVE);
        assert_int_equal(replay_round(fixture.engine, &odd, &options, &outcome), 0);
        assert_true(outcome.elapsed_ns > 0);
        assert_int_equal(outcome.fault.kind, REPLAY_NO_FAULT);
        assert_int_equal(n_zeroed, 3 * n_requests / 2);
        assert_int_equal(n_puts, 3 * n_requests);
        assert_int_equal(n_pools, 0);
        assert_int_equal(n_begun, 0);
        assert_int_equal(n_threads, workers);
    }
    assert_int_equal(ends, 3);
    drop_fixture(&fixture);
}

static void test_rounds(void **state) {
    (void)state;
    static const unsigned workers[] = {1, 2, 3, 7};
    for (size_t i = 0; i < sizeof(workers) / sizeof(workers[0]); i++) {
        run_everything(workers[i], false);
        run_everything(workers[i], true);
    }
}

/* Every event of the heap, whatever the worker, and what is live at the end. */
static void test_heap_rounds(void **state) {
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct fixture fixture = make_fixture_of(load_mixed(), workers);
        const struct trace *trace = fixture.trace;
        for (int verified = 0; verified <= 1; verified++) {
            struct replay_options options = {.verified = verified};
            struct replay_outcome outcome;
            reset_counts(BEHAVE);
            assert_int_equal(replay_round(fixture.engine, &odd, &options, &outcome), 0);
            assert_int_equal(n_gets, trace->n_gets);
            assert_int_equal(n_puts, trace->n_gets);
            assert_int_equal(n_sites, 3);
            assert_int_equal(n_allocations, trace->n_allocations);
            assert_int_equal(n_frees, trace->n_allocations);
            assert_true(n_frees > trace->n_frees);
            assert_int_equal(n_reallocations, trace->n_reallocations);
        }
        drop_fixture(&fixture);
    }
}

static void run_all_contenders(struct fixture fixture) {
    for (size_t i = 0; contender_at(i); i++) {
        const struct replay_contender *contender = contender_at(i);
        struct replay_outcome outcome;
        struct replay_options options = {0};
        assert_int_equal(replay_round(fixture.engine, contender, &options, &outcome), 0);
        options.verified = true;
        if (contender->run_verified) {
            assert_int_equal(replay_round(fixture.engine, contender, &options, &outcome), 0);
        }
    }
    drop_fixture(&fixture);
}

static void test_all_contenders(void **state) {
    (void)state;
    for (unsigned workers = 1; workers <= 3; workers++) {
        run_all_contenders(make_fixture(workers));
        run_all_contenders(make_fixture_of(load_mixed(), workers));
    }
}

static void expect_fault_of(struct fixture fixture, bool verified, enum misdeed now,
                            enum replay_fault_kind kind, const char *says) {
    struct replay_options options = {.verified = verified};
    struct replay_outcome outcome;
    char text[300];
    reset_counts(now);
    assert_int_equal(replay_round(fixture.engine, &odd, &options, &outcome), -EFAULT);
    assert_int_equal(outcome.fault.kind, kind);
    replay_fault_text(&outcome.fault, fixture.trace, text, sizeof(text));
    if (!strstr(text, says)) {
        fail_msg("says '%s', not '%s'", text, says);
    }
    drop_fixture(&fixture);
}

static void expect_fault(unsigned workers, bool verified, enum misdeed now,
                         enum replay_fault_kind kind, const char *says) {
    expect_fault_of(make_fixture(workers), verified, now, kind, says);
}

static void expect_heap_fault(unsigned workers, bool verified, enum misdeed now,
                              enum replay_fault_kind kind, const char *says) {
    expect_fault_of(make_fixture_of(load_mixed(), workers), verified, now, kind, says);
}

static void test_heap_faults(void **state) {
    (void)state;
    for (unsigned workers = 1; workers <= 2; workers++) {
        for (int verified = 0; verified <= 1; verified++) {
            expect_heap_fault(workers, verified, NO_BLOCK, REPLAY_NO_OBJECT,
                              "a get returned nothing from site ");
            expect_heap_fault(workers, verified, NO_SITE, REPLAY_NO_POOL,
                              "cannot create site a:second: Value too large");
            expect_heap_fault(workers, verified, FORGETFUL_REALLOC, REPLAY_NOT_KEPT,
                              "a realloc lost what was written to the block, of site ");
        }
        expect_heap_fault(workers, true, DIRTY_CALLOC, REPLAY_NOT_ZEROED,
                          "a zeroed get was not zero, from site ");
        expect_heap_fault(workers, true, FORGETS_THE_TAIL, REPLAY_NOT_KEPT, "a realloc lost ");
    }
    /* On one worker: with two this would be a race too. */
    for (int verified = 0; verified <= 1; verified++) {
        expect_heap_fault(1, verified, SAME_BLOCK_TWICE, REPLAY_OVERLAP,
                          "overlap: a live object lost what was written to it, of site ");
    }
}

/* A contender without a heap is told from one that fails. */
static void test_no_heap(void **state) {
    (void)state;
    struct fixture fixture = make_fixture_of(load_mixed(), 1);
    struct replay_contender without = odd;
    without.site_create = NULL;
    struct replay_options options = {0};
    struct replay_outcome outcome;
    char text[100];
    reset_counts(BEHAVE);
    assert_int_equal(replay_round(fixture.engine, &without, &options, &outcome), -EFAULT);
    assert_int_equal(outcome.fault.kind, REPLAY_NO_HEAP);
    replay_fault_text(&outcome.fault, fixture.trace, text, sizeof(text));
    assert_string_equal(text, "has no heap, which this trace needs");
    drop_fixture(&fixture);
}

static void test_faults(void **state) {
    (void)state;
    for (unsigned workers = 1; workers <= 2; workers++) {
        for (int verified = 0; verified <= 1; verified++) {
            expect_fault(workers, verified, NO_OBJECT, REPLAY_NO_OBJECT,
                         "a get returned nothing from pool ");
            expect_fault(workers, verified, NO_POOL, REPLAY_NO_POOL,
                         "cannot create pool b:large (5000 bytes): Value too large");
            expect_fault(workers, verified, NO_START, REPLAY_NO_START,
                         "cannot be prepared: Device or resource busy");
        }
        expect_fault(workers, true, DIRTY_GET0, REPLAY_NOT_ZEROED,
                     "a zeroed get was not zero, from pool b:large (5000 bytes), object ");
    }
}

/* Objects are live at the same time in this trace only when another get comes before the put:
 * three threads of requests overlap on purpose. */
static struct trace *make_overlapping_trace(void) {
    static const struct forge_event events[] = {
        {TRACE_THREAD_START, 0, FORGE_NO_POOL, 0},
        {TRACE_POOL_NEW, 0, 0, 0},
        {TRACE_POOL_NEW, 0, 1, 0},
        {TRACE_POOL_NEW, 0, 2, 0},
        {TRACE_GET, 0, 2, 0},
        {TRACE_GET0, 0, 2, 1},
        {TRACE_PUT, 0, 2, 0},
        {TRACE_PUT, 0, 2, 1},
    };
    struct forge_text text =
        forge_standard(1, "pool 0 a:tiny 3 4 1\npool 1 a:small 40 4 1\npool 2 b:large 5000 2 2\n",
                       events, sizeof(events) / sizeof(events[0]));
    struct trace *trace = NULL;
    struct trace_error error;
    if (forge_load(text, &trace, &error) != 0) {
        fail_msg("refused: %s", error.text);
    }
    free(text.bytes);
    return trace;
}

static void test_overlap(void **state) {
    (void)state;
    static const struct {
        enum misdeed misdeed;
        bool verified;
        int result;
    } cases[] = {
        {SAME_OBJECT_TWICE, false, -EFAULT},
        {SAME_OBJECT_TWICE, true, -EFAULT},
        /* The timed loop looks at the first bytes only; that is what verifying is for. */
        {TAIL_OVERLAP, false, 0},
        {TAIL_OVERLAP, true, -EFAULT},
    };
    struct trace *trace = make_overlapping_trace();
    struct plan *plan = plan_create(trace, 1);
    struct replay_engine *engine = replay_engine_create(plan);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct replay_options options = {.verified = cases[i].verified};
        struct replay_outcome outcome;
        char text[300];
        reset_counts(cases[i].misdeed);
        assert_int_equal(replay_round(engine, &odd, &options, &outcome), cases[i].result);
        if (cases[i].result != 0) {
            assert_int_equal(outcome.fault.kind, REPLAY_OVERLAP);
            replay_fault_text(&outcome.fault, trace, text, sizeof(text));
            assert_string_equal(text, "overlap: a live object lost what was written to it, of pool "
                                      "b:large (5000 bytes), object 0");
        }
    }
    replay_engine_destroy(engine);
    plan_destroy(plan);
    trace_unload(trace);
}

static void test_resident(void **state) {
    (void)state;
    struct fixture fixture = make_fixture(1);
    struct resident_use use;
    struct replay_fault fault;
    int by_signal;
    assert_int_equal(resident_measure(fixture.engine, &contender_classic, &use, &fault, &by_signal),
                     0);
    assert_true(use.before_bytes > 0);
    /* At the least the one slab of pages that holds the largest pool, written wholly. */
    assert_true(use.peak_growth_bytes >= 12288);
    assert_true(use.peak_growth_bytes >= use.end_growth_bytes);
    assert_true(use.n_samples > 10);
    assert_false(use.has_ledger);
    assert_int_equal(resident_measure(fixture.engine, &contender_harness, &use, &fault, &by_signal),
                     -ENOTSUP);
    assert_int_equal(resident_measure(fixture.engine, &contender_mempool, &use, &fault, &by_signal),
                     0);
    assert_true(use.has_ledger);
    assert_true(use.ledger.live > 0 && use.ledger.named > 0);
    assert_true(use.ledger.resident > use.before_bytes);
    reset_counts(DIRTY_GET0);
    assert_int_equal(resident_measure(fixture.engine, &odd, &use, &fault, &by_signal), -EFAULT);
    assert_int_equal(fault.kind, REPLAY_NOT_ZEROED);
    reset_counts(CRASH);
    struct rlimit before, none = {0, 0};
    getrlimit(RLIMIT_CORE, &before);
    none.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL); /* so that the child is ended by it, not by a sanitizer's handler */
    assert_int_equal(resident_measure(fixture.engine, &odd, &use, &fault, &by_signal), -ECHILD);
    assert_int_equal(by_signal, SIGSEGV);
    setrlimit(RLIMIT_CORE, &before);
    drop_fixture(&fixture);
}

int main(void) {
    size_t scaled = test_scaled(REQUESTS_MAX);
    n_requests = scaled < REQUESTS_MAX ? (uint32_t)scaled / 2 * 2 : REQUESTS_MAX;
    n_requests = n_requests < 40 ? 40 : n_requests;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds),      cmocka_unit_test(test_all_contenders),
        cmocka_unit_test(test_faults),      cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_resident),    cmocka_unit_test(test_heap_rounds),
        cmocka_unit_test(test_heap_faults), cmocka_unit_test(test_no_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
