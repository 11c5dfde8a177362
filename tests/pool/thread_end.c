/* SPDX-License-Identifier: MIT */
/* Thread-specific destructors that get and put after the library has given the thread's caches
 * back; and threads that could not be attached. */
#include "unit.h"

#include "caches.h"
#include "child.h"
#include "faults.h"
#include "one_processor.h"
#include "pattern.h"
#include "threads.h"

#include "cache/thread.h"
#include "vm/blocks.h"

enum { OBJECT_BYTES = 100, N_OBJECTS = 200 };

static struct mempool *pool;
static void *objects[N_OBJECTS], *late[N_OBJECTS];
static pthread_key_t late_key;
static bool was_exited;

/* The library's own destructor has run: the key was made after the library's. */
static void end_late(void *argument) {
    (void)argument;
    was_exited = thread_current == &thread_exited;
    for (size_t i = 0; i < N_OBJECTS; i++) {
        mempool_put(objects[i]);
        CHECK(address_state(objects[i]) == MEMPOOL_STATE_FREE);
    }
    for (size_t i = 0; i < N_OBJECTS; i++) {
        late[i] = mempool_get0(pool);
        CHECK(late[i] != NULL);
        pattern_fill(late[i], OBJECT_BYTES, i);
    }
    void *more[N_OBJECTS];
    CHECK_EQUAL(mempool_get_bulk(pool, more, N_OBJECTS), N_OBJECTS);
    mempool_put_bulk(more, N_OBJECTS);
    mempool_thread_flush();
    uint64_t before = mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT);
    mempool_put(more[0]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), before + 1);
}

static void *run_and_end(void *argument) {
    (void)argument;
    for (size_t i = 0; i < N_OBJECTS; i++) {
        objects[i] = mempool_get(pool);
    }
    CHECK(pthread_setspecific(late_key, pool) == 0);
    return NULL;
}

static int used_at_the_very_end(void *argument) {
    const struct mempool_options *options = argument;
    mempool_misuse_sink_set(-1);
    pool = pool_of_options(options);
    CHECK(pthread_key_create(&late_key, end_late) == 0);
    thread_run(run_and_end, NULL);
    CHECK(was_exited);
    struct mempool_stats stats = pool_stats(pool);
    CHECK_EQUAL(stats.hot, N_OBJECTS);
    CHECK(stats.cached == 0 || !caches_are_of_threads());
    CHECK_EQUAL(stats.alloc_count, 3 * N_OBJECTS);
    CHECK_EQUAL(stats.put_count, 2 * N_OBJECTS);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        CHECK(pattern_intact(late[i], OBJECT_BYTES, i));
        mempool_put(late[i]);
    }
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_late_destructor_may_get_and_put(void **state) {
    (void)state;
    struct mempool_options growing = POOL_OPTIONS(.object_bytes = OBJECT_BYTES);
    struct mempool_options limited =
        POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .limit = 2 * N_OBJECTS);
    struct mempool_options uncached =
        POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = MEMPOOL_UNCACHED);
    assert_int_equal(child_status(used_at_the_very_end, &growing), 0);
    assert_int_equal(child_status(used_at_the_very_end, &limited), 0);
    assert_int_equal(child_status(used_at_the_very_end, &uncached), 0);
}

static void *get_and_leave(void *argument) {
    objects[0] = mempool_get(argument);
    return NULL;
}

/* Who got an object stays known after the thread's end. */
static int noted_after_the_end(void *unused) {
    (void)unused;
    pool = pool_of(OBJECT_BYTES);
    thread_run(get_and_leave, pool);
    struct mempool_description description = address_description(objects[0]);
    CHECK(description.thread_exited == 1 && description.thread != 0);
    CHECK(description.thread != sys_thread_id());
    CHECK(description.site != 0);
    void *own = mempool_get(pool);
    description = address_description(own);
    CHECK(description.thread_exited == 0 && description.thread == sys_thread_id());
    return 0;
}

static void the_note_of_a_thread_outlives_it(void **state) {
    (void)state;
    assert_int_equal(child_status(noted_after_the_end, NULL), 0);
}

/* No memory for the thread's struct and table: it works without caches, until there is. */
static void *run_unattached(void *argument) {
    (void)argument;
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    void *all[N_OBJECTS];
    for (size_t i = 0; i < N_OBJECTS; i++) {
        all[i] = mempool_get(pool);
        CHECK(all[i] != NULL);
        pattern_fill(all[i], OBJECT_BYTES, i);
    }
    CHECK(thread_current == &thread_none);
    for (size_t i = 0; i < N_OBJECTS; i++) {
        CHECK(pattern_intact(all[i], OBJECT_BYTES, i));
        mempool_put(all[i]);
    }
    CHECK(thread_current == &thread_none);
    mempool_thread_flush();
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    CHECK(faults_disarm() > 0);
    mempool_put(mempool_get(pool));
    CHECK(thread_attached(thread_current));
    CHECK(pool_stats(pool).cached > 0);
    return NULL;
}

/* Blocks of the sizes that a thread needs, until none is ready. */
static void use_up_blocks(void) {
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (block_take(sizeof(struct thread)) != NULL) {
    }
    while (block_take(4096) != NULL) {
    }
    CHECK(faults_disarm() > 0);
}

static int without_memory_to_attach(void *argument) {
    pool = pool_of_options(argument);
    use_up_blocks();
    thread_run(run_unattached, NULL);
    struct mempool_stats stats = pool_stats(pool);
    CHECK_EQUAL(stats.hot, 0);
    CHECK_EQUAL(stats.alloc_count, N_OBJECTS + 1);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_thread_works_without_caches(void **state) {
    (void)state;
    struct mempool_options growing = POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 1000);
    struct mempool_options limited =
        POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .count = 1000, .limit = 1000);
    assert_int_equal(child_status(without_memory_to_attach, &growing), 0);
    assert_int_equal(child_status(without_memory_to_attach, &limited), 0);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_destructor_may_get_and_put),
        cmocka_unit_test(the_note_of_a_thread_outlives_it),
        cmocka_unit_test(a_thread_works_without_caches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
