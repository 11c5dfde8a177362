/* SPDX-License-Identifier: MIT */
/* mempool_ledger, mempool_pool_ledger: what resident memory consists of.
 *
 * Each test is a process of its own, so that nothing else is live. */
#include "unit.h"

#include "child.h"
#include "ledgers.h"
#include "resident.h"
#include "scale.h"

#include <mempool/observe.h>

#include <sys/mman.h>
#include <sys/resource.h>

enum { N_OBJECTS = 20000 };

static void *objects[N_OBJECTS];

static struct mempool_ledger pool_ledger_now(const struct mempool *pool) {
    struct mempool_ledger ledger = {.struct_size = sizeof ledger};
    CHECK_EQUAL(mempool_pool_ledger(pool, &ledger), 0);
    check_sum(&ledger);
    return ledger;
}

static void get_touched(struct mempool *pool, size_t n, size_t bytes) {
    CHECK_EQUAL(mempool_get_bulk(pool, objects, n), n);
    for (size_t i = 0; i < n; i++) {
        memset(objects[i], 1, bytes);
    }
}

/* What a pool's figures must be, exactly, from its counters. */
static void check_pool(const struct mempool *pool, const struct mempool_ledger *ledger) {
    struct mempool_stats stats = pool_stats(pool);
    CHECK_EQUAL(ledger->live, stats.hot * stats.object_bytes);
    CHECK_EQUAL(ledger->padding, stats.hot * (stats.padded_bytes - stats.object_bytes));
    CHECK_EQUAL(ledger->cached, (stats.cached + stats.depot) * stats.padded_bytes);
    CHECK(ledger->free == 0 || ledger->untouched == 0);
    CHECK_EQUAL(ledger->records + ledger->libc_heap + ledger->files + ledger->stack, 0);
    CHECK_EQUAL(ledger->named, 0);
    CHECK_EQUAL(ledger->unexplained, 0);
}

/* ---- one pool -------------------------------------------------------------------------------- */

static int of_touched(void *unused) {
    enum { BYTES = 1000, STRIDE = 1008, N = 10000 };
    (void)unused;
    struct mempool *pool = pool_of(BYTES), *other = pool_of(64);
    struct mempool_ledger before = ledger_now();
    CHECK_EQUAL(pool_ledger_now(pool).resident, 0);
    get_touched(other, 5000, 64);
    get_touched(pool, N, BYTES);
    struct mempool_ledger mine = pool_ledger_now(pool), whole = ledger_now();
    check_pool(pool, &mine);
    CHECK_EQUAL(mine.live, N * BYTES);
    CHECK_EQUAL(mine.padding, N * (STRIDE - BYTES));
    check_near(mine.resident, N * STRIDE, mine.cached + N / 65 * PAGE_BYTES + 64 * 1024);
    CHECK_EQUAL(whole.live - before.live, N * BYTES + 5000 * 64);
    CHECK_EQUAL(whole.padding, N * (STRIDE - BYTES));
    /* free ones that were used are cached, or free in slabs; all of it is resident still */
    mempool_put_bulk(objects, N);
    struct mempool_ledger after = pool_ledger_now(pool);
    check_pool(pool, &after);
    CHECK_EQUAL(after.live + after.padding + after.untouched, 0);
    CHECK_EQUAL(after.resident, mine.resident);
    CHECK_EQUAL(after.cached + after.free, mine.resident);
    CHECK(mempool_trim(pool) > 0);
    CHECK_EQUAL(pool_ledger_now(pool).resident, 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_pool_of_touched_objects(void **state) {
    (void)state;
    assert_int_equal(child_status(of_touched, NULL), 0);
}

static int of_untouched(void *unused) {
    enum { BYTES = 100 << 10, N = 100 }; /* too little for huge pages */
    (void)unused;
    struct mempool *pool = pool_of(BYTES), *ready = pool_of_options(&POOL_OPTIONS(
        .object_bytes = 4096, .count = 5000));
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N), N);
    struct mempool_ledger mine = pool_ledger_now(pool), whole = ledger_now();
    check_pool(pool, &mine);
    CHECK_EQUAL(mine.live, (uint64_t)N * BYTES);
    CHECK_EQUAL(mine.resident, 0);
    CHECK_EQUAL(mine.untouched, mine.live + mine.padding + mine.cached);
    CHECK(whole.untouched >= mine.untouched - MIB);
    /* ready is not cached, and not resident */
    CHECK_EQUAL(pool_ledger_now(ready).cached, 0);
    CHECK_EQUAL(pool_ledger_now(ready).resident, 0);
    /* a page of each */
    for (size_t i = 0; i < N; i++) {
        *(char *)objects[i] = 1;
    }
    mine = pool_ledger_now(pool);
    CHECK_EQUAL(mine.resident, N * PAGE_BYTES);
    CHECK_EQUAL(mine.untouched, mine.live + mine.padding + mine.cached - mine.resident);
    return 0;
}

static void a_pool_of_untouched_objects(void **state) {
    (void)state;
    assert_int_equal(child_status(of_untouched, NULL), 0);
}

/* ---- the process ----------------------------------------------------------------------------- */

static int of_heap(void *unused) {
    enum { BYTES = 1100, CLASS_BYTES = 1152, N = 10000 };
    (void)unused;
    struct mempool_ledger before = ledger_now();
    for (size_t i = 0; i < N; i++) {
        objects[i] = mempool_malloc(BYTES, "text");
        CHECK(objects[i] != NULL);
        memset(objects[i], 1, BYTES);
    }
    struct mempool_ledger after = ledger_now();
    CHECK_EQUAL(after.live - before.live, N * BYTES);
    CHECK_EQUAL(after.padding - before.padding, N * (CLASS_BYTES - BYTES));
    CHECK(after.records - before.records >= N * 16); /* a record and a tag */
    CHECK(after.resident - before.resident >= N * BYTES);
    for (size_t i = 0; i < N; i++) {
        mempool_free(objects[i]);
    }
    after = ledger_now();
    CHECK_EQUAL(after.live + after.padding, 0);
    CHECK(after.cached + after.free >= N * BYTES);
    return 0;
}

static void blocks_of_the_heap(void **state) {
    (void)state;
    assert_int_equal(child_status(of_heap, NULL), 0);
}

static int of_zombies(void *unused) {
    enum { BYTES = 1000, N = 10000 };
    (void)unused;
    struct mempool *pool = pool_of(BYTES);
    get_touched(pool, N, BYTES);
    mempool_misuse_sink_set(-1); /* live-at-destroy is meant */
    CHECK_EQUAL(mempool_destroy(pool), N);
    CHECK_EQUAL(ledger_now().live, N * BYTES);
    mempool_put_bulk(objects, N / 2);
    CHECK_EQUAL(ledger_now().live, N / 2 * BYTES);
    CHECK_EQUAL(ledger_now().padding, N / 2 * 8);
    mempool_put_bulk(&objects[N / 2], N / 2);
    CHECK_EQUAL(ledger_now().live, 0);
    return 0;
}

static void objects_of_destroyed_pools_are_live(void **state) {
    (void)state;
    assert_int_equal(child_status(of_zombies, NULL), 0);
}

static int of_the_rest(void *unused) {
    enum { BYTES = 32 * MIB };
    (void)unused;
    struct mempool_ledger before = ledger_now(), after;
    char *volatile block = malloc(BYTES); /* volatile: else compilers leave it out */
    CHECK(block != NULL);
    memset(block, 1, BYTES);
    after = ledger_now();
    check_near(after.libc_heap - before.libc_heap, BYTES, MIB);
    free(block);
    char *mapping = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapping != MAP_FAILED);
    memset(mapping, 1, BYTES);
    after = ledger_now();
    check_near(after.unexplained - before.unexplained, BYTES, MIB);
    munmap(mapping, BYTES);
    volatile char stack[2 * MIB];
    for (size_t i = 0; i < sizeof stack; i += PAGE_BYTES) {
        stack[i] = 1;
    }
    after = ledger_now();
    CHECK(after.stack >= sizeof stack && after.files > 100000);
    check_near(after.resident, resident_bytes(), MIB);
    return 0;
}

static void the_rest_of_the_process(void **state) {
    (void)state;
    if (!test_runtime_is_plain()) {
        skip(); /* their memory is not ours to explain */
    }
    assert_int_equal(child_status(of_the_rest, NULL), 0);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static int errors(void *unused) {
    struct mempool_ledger ledger = {.struct_size = sizeof ledger - 1, .live = 99};
    (void)unused;
    struct mempool *pool = pool_of(64);
    CHECK_EQUAL(mempool_ledger(NULL), -EINVAL);
    CHECK_EQUAL(mempool_ledger(&ledger), -EINVAL);
    CHECK_EQUAL(mempool_pool_ledger(pool, NULL), -EINVAL);
    CHECK_EQUAL(mempool_pool_ledger(pool, &ledger), -EINVAL);
    ledger.struct_size = sizeof ledger;
    CHECK_EQUAL(mempool_pool_ledger(NULL, &ledger), -EINVAL);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    CHECK_EQUAL(mempool_pool_ledger(pool, &ledger), -EINVAL);
    /* no descriptor for /proc */
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    errno = 77;
    int result = mempool_ledger(&ledger);
    CHECK_EQUAL(errno, 77);
    limit.rlim_cur = before;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQUAL(result, -EMFILE);
    CHECK_EQUAL(ledger.live, 99);
    CHECK_EQUAL(ledger.struct_size, sizeof ledger);
    CHECK_EQUAL(mempool_ledger(&ledger), 0);
    return 0;
}

static void errors_are_returned(void **state) {
    (void)state;
    assert_int_equal(child_status(errors, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_of_touched_objects),
        cmocka_unit_test(a_pool_of_untouched_objects),
        cmocka_unit_test(blocks_of_the_heap),
        cmocka_unit_test(objects_of_destroyed_pools_are_live),
        cmocka_unit_test(the_rest_of_the_process),
        cmocka_unit_test(errors_are_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
