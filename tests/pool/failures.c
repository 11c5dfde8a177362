/* SPDX-License-Identifier: MIT */
/* Each call for memory fails in turn, alone and with all that follow it: gets return NULL and
 * ENOMEM, what is out stays intact, counts stay exact, and afterwards everything works again. */
#include "unit.h"

#include "child.h"
#include "fail_in_turn.h"
#include "one_processor.h"
#include "scale.h"
#include "threads.h"
#include "world.h"

enum {
    N_FILLERS = 40, /* pools that make a thread's table grow */
};

enum { SMALL, BUILT, LARGE, CAPPED, HEAP, UNCACHED, HUGE };

static struct world world;
static struct mempool *fillers[N_FILLERS];
static _Atomic int n_constructed, n_destructed;

static int construct(void *object, void *argument) {
    (void)argument;
    memset(object, 0, 8);
    (void)add_relaxed(&n_constructed, 1);
    return 0;
}

static void destruct(void *object, void *argument) {
    (void)object;
    (void)argument;
    (void)add_relaxed(&n_destructed, 1);
}

static void create_pools(void) {
    world_create(&world, SMALL, &POOL_OPTIONS(.object_bytes = 64));
    for (size_t i = 0; i < N_FILLERS; i++) {
        fillers[i] = mempool_create(&POOL_OPTIONS(.object_bytes = 32));
        CHECK(fillers[i] != NULL || (world.may_fail && errno == ENOMEM));
    }
    world_create(&world, BUILT, &POOL_OPTIONS(.object_bytes = 1000, .construct = construct,
                                              .destruct = destruct));
    world_create(&world, LARGE, &POOL_OPTIONS(.object_bytes = 100000, .count = 2));
    world_create(&world, CAPPED, &POOL_OPTIONS(.object_bytes = 200, .count = 50,
                                               .on_empty = MEMPOOL_FAIL));
    world_create(&world, HEAP, &POOL_OPTIONS(.object_bytes = 300, .count = 10, .limit = 60,
                                             .on_empty = MEMPOOL_HEAP, .construct = construct,
                                             .destruct = destruct));
    world_create(&world, UNCACHED, &POOL_OPTIONS(.object_bytes = 16, .flags = MEMPOOL_UNCACHED));
    world_create(&world, HUGE, &POOL_OPTIONS(.object_bytes = 1 << 20));
}

/* A thread of its own attaches, makes its table grow, puts what another got, and leaves some. */
static void *run_thread(void *argument) {
    (void)argument;
    for (size_t idx = 0; idx < WORLD_POOLS; idx++) {
        world_get(&world, idx, 5);
    }
    world_put(&world, 3);
    world_get(&world, BUILT, 40);
    world_get(&world, CAPPED, 60);
    world_check(&world);
    return NULL;
}

static void use_pools(void) {
    world_get(&world, SMALL, 2500);
    world_get(&world, BUILT, 150);
    world_get(&world, LARGE, 8);
    world_get(&world, CAPPED, 55);
    world_get(&world, HEAP, 40);
    world_get(&world, UNCACHED, 300);
    world_check(&world);
    world_get(&world, HUGE, 20); /* the last few from a span */
    world_check(&world);
    thread_run(run_thread, NULL);
    world_check(&world);
    world_get_bulk(&world, SMALL, 200);
    world_get_bulk(&world, CAPPED, 100);
    world_get_bulk(&world, HEAP, 100);
    world_put_bulk(&world, 256);
    world_put(&world, 2);
    world_check(&world);
    (void)mempool_trim(NULL);
    world_check(&world);
    world_get(&world, SMALL, 1000);
    world_get(&world, HEAP, 5);
    world_check(&world);
}

/* With half of the objects still out, which are then put one by one. */
static void destroy_pools(void) {
    world_put(&world, 2);
    mempool_misuse_sink_set(-1); /* live-at-destroy is meant */
    for (size_t idx = 0; idx < WORLD_POOLS; idx++) {
        world_destroy(&world, idx);
    }
    for (size_t i = 0; i < N_FILLERS; i++) {
        CHECK_EQUAL(mempool_destroy(fillers[i]), 0);
    }
    world_check(&world);
    world_put(&world, 1);
    mempool_misuse_sink_set(STDERR_FILENO);
    CHECK_EQUAL(world.n_held, 0);
    CHECK_EQUAL(load_relaxed(&n_constructed), load_relaxed(&n_destructed));
}

static void run_scenario(bool may_fail) {
    memset(&world, 0, sizeof world);
    world.may_fail = may_fail;
    create_pools();
    use_pools();
    destroy_pools();
}

static int run_with_failure(void *argument) {
    const struct failure *failure = argument;
    faults_arm(failure->kinds, failure->first, failure->and_later ? UINT64_MAX : failure->first);
    run_scenario(true);
    if (faults_disarm() == 0) {
        return NOTHING_FAILED;
    }
    uint64_t n_misuses = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    CHECK_EQUAL(n_misuses, mempool_misuse_count(MEMPOOL_MISUSE_LIVE_AT_DESTROY));
    run_scenario(false);
    /* what the limits refuse, and nothing more */
    CHECK(world.n_refused > 0 && world.n_refused < 300);
    return 0;
}

/* Memory fails in the middle, and comes back while everything is in use. */
static int recover_in_use(void *argument) {
    const struct failure *failure = argument;
    memset(&world, 0, sizeof world);
    create_pools();
    use_pools();
    faults_arm(failure->kinds, failure->first, UINT64_MAX);
    world.may_fail = true;
    use_pools();
    uint64_t n_failed = faults_disarm();
    world.may_fail = false;
    use_pools();
    destroy_pools();
    return n_failed == 0 ? NOTHING_FAILED : 0;
}

static void one_call_fails(void **state) {
    (void)state;
    struct failure failure = {FAULT_RESERVE | FAULT_COMMIT | FAULT_HEAP, 1, false};
    fail_in_turn(run_with_failure, failure, 60);
}

static void all_calls_fail_from_one_on(void **state) {
    (void)state;
    struct failure failure = {FAULT_RESERVE | FAULT_COMMIT | FAULT_HEAP, 1, true};
    fail_in_turn(run_with_failure, failure, 60);
}

static void only_the_heap_fails(void **state) {
    (void)state;
    struct failure failure = {FAULT_HEAP, 1, true};
    fail_in_turn(run_with_failure, failure, 40);
}

static void memory_comes_back_in_use(void **state) {
    (void)state;
    struct failure failure = {FAULT_COMMIT | FAULT_HEAP, 1, true};
    fail_in_turn(recover_in_use, failure, 20);
}

/* Giving pages back fails: that is nobody's failure, and what comes zeroed is zero all the same. */
static int run_without_purge(void *argument) {
    const struct failure *failure = argument;
    faults_arm(FAULT_PURGE, failure->first, failure->and_later ? UINT64_MAX : failure->first);
    run_scenario(false);
    run_scenario(false);
    return faults_disarm() == 0 ? NOTHING_FAILED : 0;
}

static void purging_fails(void **state) {
    (void)state;
    struct failure all = {FAULT_PURGE, 1, true};
    assert_int_equal(child_status(run_without_purge, &all), 0);
    int status = 0;
    uint64_t first = 1;
    for (; status == 0; first += 13) {
        struct failure one = {FAULT_PURGE, first, false};
        status = child_status(run_without_purge, &one);
    }
    assert_int_equal(status, NOTHING_FAILED);
    assert_true(first > 50);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),
        cmocka_unit_test(all_calls_fail_from_one_on),
        cmocka_unit_test(only_the_heap_fails),
        cmocka_unit_test(memory_comes_back_in_use),
        cmocka_unit_test(purging_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
