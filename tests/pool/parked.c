/* SPDX-License-Identifier: MIT */
/* Puts of objects that another thread got: free at last, but not while that thread may be putting
 * them itself; of the two the getter wins. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "threads.h"

#include "cache/grace.h"
#include "cache/park.h"
#include "cache/thread.h"
#include "pool/pool.h"
#include "vm/blocks.h"

#include <semaphore.h>

enum { OBJECT_BYTES = 64, N_OBJECTS = 300, N_MANY = 20000 };

static struct mempool *pool;
static void *objects[N_MANY];
static sem_t its_turn, our_turn;

static void begin(void) {
    CHECK(sem_init(&its_turn, 0, 0) == 0 && sem_init(&our_turn, 0, 0) == 0);
    mempool_misuse_sink_set(-1);
    pool = pool_of(OBJECT_BYTES);
}

/* Between the two threads: the other one goes on until it hands back. */
static void hand_over(sem_t *to, sem_t *back) {
    sem_post(to);
    while (sem_wait(back) != 0) {
    }
}

static void let_getter_go_on(void) {
    hand_over(&its_turn, &our_turn);
}

static void let_main_go_on(void) {
    hand_over(&our_turn, &its_turn);
}

static record *record_of(const void *object) {
    struct descriptor *descriptor;
    record *slot_record = NULL;
    CHECK(slot_find(object, &descriptor, &slot_record) == SLOT_FOUND);
    return slot_record;
}

static bool settle(void) {
    sys_lock_take(&pool->depot.lock);
    bool settled = park_settle(&pool->depot, true);
    sys_lock_drop(&pool->depot.lock);
    return settled;
}

static pthread_t start_getter(void *(*run)(void *)) {
    pthread_t getter = thread_start(run, NULL);
    while (sem_wait(&our_turn) != 0) {
    }
    return getter;
}

static void end_getter(pthread_t getter) {
    sem_post(&its_turn);
    thread_join(getter);
}

/* Inside a hit, as if off its processor there. */
static void *get_and_stay_inside(void *unused) {
    (void)unused;
    for (size_t i = 0; i < N_OBJECTS; i++) {
        objects[i] = mempool_get(pool);
    }
    thread_shut_door(thread_current);
    let_main_go_on();
    thread_open_door(thread_current);
    let_main_go_on();
    return NULL;
}

static int waits_for_the_getter(void *unused) {
    (void)unused;
    begin();
    pthread_t getter = start_getter(get_and_stay_inside);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        mempool_put(objects[i]);
        CHECK(record_is_parked(load_relaxed(record_of(objects[i]))));
        CHECK(address_state(objects[i]) == MEMPOOL_STATE_FREE);
    }
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    mempool_put(objects[0]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), 1);
    mempool_thread_flush();
    CHECK(!settle() && !settle());
    for (size_t i = 0; i < N_OBJECTS; i++) {
        void *other = mempool_get(pool);
        CHECK(!record_is_parked(load_relaxed(record_of(other))));
    }
    let_getter_go_on();
    CHECK(settle() && !settle());
    for (size_t i = 0; i < N_OBJECTS; i++) {
        CHECK(record_is_free(load_relaxed(record_of(objects[i]))));
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    end_getter(getter);
    return 0;
}

/* The two halves of a hit's put, with another thread's put in between. */
static void *put_in_two_steps(void *unused) {
    (void)unused;
    void *object = objects[0] = mempool_get(pool);
    struct thread *thread = thread_current;
    struct cache *cache = thread_cache(thread, pool_cache_offset(pool));
    thread_shut_door(thread);
    CHECK(thread_got(thread, load_relaxed(record_of(object))));
    let_main_go_on();
    struct round *top = load_relaxed(&cache->top);
    *top = (struct round){object, record_of(object)};
    store_relaxed(&cache->top, top + 1);
    store_relaxed(record_of(object), record_make(1, load_relaxed(&thread->stamp), RECORD_FREE));
    thread_open_door(thread);
    CHECK(mempool_get(pool) == object);
    let_main_go_on();
    CHECK(load_relaxed(record_of(object)) ==
          record_make(load_relaxed(record_of(object)) >> 32, load_relaxed(&thread->stamp),
                      RECORD_LIVE));
    mempool_put(object);
    return NULL;
}

static int the_getter_wins(void *unused) {
    (void)unused;
    begin();
    pthread_t getter = start_getter(put_in_two_steps);
    mempool_put(objects[0]);
    CHECK(record_is_parked(load_relaxed(record_of(objects[0]))));
    mempool_thread_flush();
    CHECK(!settle());
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    let_getter_go_on();
    CHECK(settle());
    CHECK(address_state(objects[0]) == MEMPOOL_STATE_LIVE);
    mempool_put(mempool_get(pool)); /* whatever is slow reports what was found */
    (void)mempool_trim(pool);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_RACING_PUT), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    CHECK_EQUAL(pool_stats(pool).hot, 1);
    end_getter(getter);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static bool enough;

static void *get_many_and_sleep(void *unused) {
    (void)unused;
    while (!enough) {
        for (size_t i = 0; i < N_MANY; i++) {
            objects[i] = mempool_get(pool);
        }
        let_main_go_on();
    }
    return NULL;
}

/* What a sleeping thread has got, others put: a barrier now and then, and the memory is used
 * again. */
static int sleepers_keep_nothing(void *unused) {
    (void)unused;
    begin();
    pthread_t getter = start_getter(get_many_and_sleep);
    uint64_t slabs = 0;
    for (int i = 0; i < 20; i++) {
        mempool_put_bulk(objects, N_MANY);
        CHECK_EQUAL(pool_stats(pool).hot, 0);
        CHECK(load_relaxed(&pool->depot.parked_rounds) < 4096);
        let_getter_go_on();
        slabs = i == 1 ? pool_stats(pool).slabs : slabs;
        CHECK(i < 2 || pool_stats(pool).slabs <= slabs);
    }
    mempool_put_bulk(objects, N_MANY);
    enough = true;
    end_getter(getter);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void *get_and_sleep(void *unused) {
    (void)unused;
    for (size_t i = 0; i < N_OBJECTS; i++) {
        objects[i] = mempool_get(pool);
    }
    let_main_go_on();
    return NULL;
}

/* Without memory for a magazine each put waits for its own grace period. */
static int without_memory(void *unused) {
    (void)unused;
    begin();
    pthread_t getter = start_getter(get_and_sleep);
    CHECK(thread_attach());
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    for (size_t bytes = 8192; bytes >= 64; bytes /= 2) {
        while (block_take(bytes) != NULL) {
        }
    }
    for (size_t i = 0; i < N_OBJECTS; i++) {
        mempool_put(objects[i]);
        CHECK(!record_is_live(load_relaxed(record_of(objects[i]))));
        CHECK(!record_is_parked(load_relaxed(record_of(objects[i]))));
        mempool_put(objects[i]);
    }
    CHECK(faults_disarm() > 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), N_OBJECTS);
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    end_getter(getter);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

#define TEST_OF(run)                             \
    static void test_##run(void **state) {       \
        (void)state;                             \
        assert_int_equal(child_status(run, NULL), 0); \
    }
TEST_OF(waits_for_the_getter)
TEST_OF(the_getter_wins)
TEST_OF(sleepers_keep_nothing)
TEST_OF(without_memory)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_for_the_getter),
        cmocka_unit_test(test_the_getter_wins),
        cmocka_unit_test(test_sleepers_keep_nothing),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
