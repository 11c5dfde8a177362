/* SPDX-License-Identifier: MIT */
/* A thread's table of caches grows with the pools it uses; what is cached moves along. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "plain_pool.h"

#include "vm/blocks.h"

enum { N_DEPOTS = 300, N_OBJECTS = 10 };

static struct depot depots[N_DEPOTS];

static void begin_all(void) {
    for (uint32_t i = 0; i < N_DEPOTS; i++) {
        plain_begin(&depots[i], 48, i);
    }
}

/* Some objects through one depot's cache, all put again. */
static void use(struct depot *depot) {
    void *objects[N_OBJECTS];
    for (int i = 0; i < N_OBJECTS; i++) {
        objects[i] = plain_get(depot);
        CHECK(objects[i] != NULL);
    }
    for (int i = 0; i < N_OBJECTS; i++) {
        plain_put(depot, objects[i]);
    }
}

static void *use_all(void *argument) {
    (void)argument;
    uint64_t cached[N_DEPOTS];
    for (size_t i = 0; i < N_DEPOTS; i++) {
        uint32_t before = load_relaxed(&thread_current->table_bytes);
        use(&depots[i]);
        cached[i] = plain_sum(&depots[i]).cached;
        CHECK(cached[i] >= N_OBJECTS);
        CHECK(load_relaxed(&thread_current->table_bytes) >= (i + 1) * CACHE_BYTES);
        if (load_relaxed(&thread_current->table_bytes) == before) {
            continue;
        }
        for (size_t k = 0; k <= i; k++) { /* the table has moved, and nothing is lost */
            CHECK_EQUAL(plain_sum(&depots[k]).cached, cached[k]);
            plain_check(&depots[k], 0);
        }
    }
    for (size_t i = N_DEPOTS; i > 0; i--) {
        use(&depots[i - 1]);
        plain_check(&depots[i - 1], 0);
    }
    return NULL;
}

static int tables_grow(void *unused) {
    (void)unused;
    begin_all();
    thread_run(use_all, NULL);
    for (size_t i = 0; i < N_DEPOTS; i++) { /* the thread's end brought all of it in */
        CHECK_EQUAL(plain_sum(&depots[i]).caches, 0);
        CHECK_EQUAL(load_relaxed(&depots[i].gets), 2 * N_OBJECTS);
        plain_check(&depots[i], 0);
        depot_end(&depots[i]);
    }
    return 0;
}

static void a_table_grows_and_keeps_what_it_holds(void **state) {
    (void)state;
    assert_int_equal(child_status(tables_grow, NULL), 0);
}

static int growth_fails(void *unused) {
    (void)unused;
    begin_all();
    use(&depots[0]);
    struct thread *thread = thread_current;
    uint32_t bytes = load_relaxed(&thread->table_bytes);
    uint64_t cached = plain_sum(&depots[0]).cached;
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    for (size_t size = BLOCK_BYTES_MIN; size <= BLOCK_BYTES_MAX; size *= 2) {
        while (block_take(size) != NULL) {
        }
    }
    CHECK(!thread_reach(thread, 2 * bytes - CACHE_BYTES));
    CHECK_EQUAL(load_relaxed(&thread->table_bytes), bytes);
    CHECK_EQUAL(load_relaxed(&thread->open), bytes);
    CHECK_EQUAL(plain_sum(&depots[0]).cached, cached);
    CHECK(thread_reach(thread, bytes - CACHE_BYTES)); /* is as long already */
    CHECK(faults_disarm() > 0);
    CHECK(thread_reach(thread, 2 * bytes - CACHE_BYTES));
    CHECK_EQUAL(load_relaxed(&thread->table_bytes), 2 * bytes);
    CHECK_EQUAL(plain_sum(&depots[0]).cached, cached);
    use(&depots[40]);
    return 0;
}

static void a_table_that_cannot_grow_stays(void **state) {
    (void)state;
    assert_int_equal(child_status(growth_fails, NULL), 0);
}

/* Pools of all numbers have caches. */
static int reach_the_last(void *unused) {
    (void)unused;
    begin_all();
    use(&depots[0]);
    uint64_t cached = plain_sum(&depots[0]).cached;
    CHECK(thread_reach(thread_current, (POOLS_MAX - 1) * CACHE_BYTES));
    CHECK(load_relaxed(&thread_current->open) >= POOLS_MAX * CACHE_BYTES);
    CHECK_EQUAL(plain_sum(&depots[0]).cached, cached);
    use(&depots[0]);
    return 0;
}

static void a_table_reaches_every_pool(void **state) {
    (void)state;
    assert_int_equal(child_status(reach_the_last, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_grows_and_keeps_what_it_holds),
        cmocka_unit_test(a_table_that_cannot_grow_stays),
        cmocka_unit_test(a_table_reaches_every_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
