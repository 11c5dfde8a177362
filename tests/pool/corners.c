/* SPDX-License-Identifier: MIT */
/* Corners that are hard to reach from outside: heap objects without memory for their notes, reports
 * without /proc, handles that are not alive, numbers of threads that were passed on,
 * constructors that refuse. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "one_processor.h"
#include "scale.h"
#include "threads.h"

#include "base/text.h"
#include "cache/thread.h"
#include "pool/pool.h"
#include "vm/blocks.h"

#include <mempool/account.h>

#include <dlfcn.h>
#include <signal.h>
#include <sys/resource.h>

enum { OBJECT_BYTES = 100, N_IN_SLABS = 2000 };

static int n_built, n_unbuilt;

static int build(void *object, void *argument) {
    (void)object;
    (void)argument;
    n_built++;
    return 0;
}

static void unbuild(void *object, void *argument) {
    (void)object;
    (void)argument;
    n_unbuilt++;
}

/* Take all blocks of one size that are to be had; they are not given back. */
static void use_up(size_t bytes) {
    while (block_take(bytes) != NULL) {
    }
}

/* A HEAP pool's object needs a note, and the first one a table of notes. */
static int notes_need_memory(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(
        .object_bytes = OBJECT_BYTES, .on_empty = MEMPOOL_HEAP, .construct = build,
        .destruct = unbuild));
    mempool_thread_flush();
    CHECK(thread_attach());
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    use_up(32 << 10);
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == ENOMEM); /* no table */
    use_up(64);
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == ENOMEM); /* no note */
    CHECK_EQUAL(n_built, 2);
    CHECK_EQUAL(n_unbuilt, 2);
    CHECK_EQUAL(pool_live(pool), 0);
    CHECK_EQUAL(pool_stats(pool).refused, 2);
    CHECK_EQUAL(pool_stats(pool).alloc_count, 0);
    CHECK(faults_disarm() > 0);
    void *object = mempool_get(pool);
    CHECK(object != NULL && mempool_of(object) == pool);
    CHECK_EQUAL(pool_live(pool), 1);
    mempool_put(object);
    CHECK_EQUAL(n_built, n_unbuilt);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void heap_objects_need_notes(void **state) {
    (void)state;
    assert_int_equal(child_status(notes_need_memory, NULL), 0);
}

/* Without a file descriptor to read /proc with, a foreign pointer is still refused. */
static int no_descriptors(void *unused) {
    (void)unused;
    struct rlimit before_none, none;
    mempool_misuse_sink_set(-1);
    mempool_put(mempool_get(pool_of(OBJECT_BYTES)));
    CHECK(getrlimit(RLIMIT_NOFILE, &before_none) == 0);
    none = before_none;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    static int global;
    int local;
    uint64_t before = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    mempool_put(&global);
    mempool_put(&local);
    mempool_put((void *)(uintptr_t)16);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), before + 3);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_TINY), 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &before_none) == 0); /* a tool may want to look at its end */
    return 0;
}

static void foreign_pointers_are_refused_without_proc(void **state) {
    (void)state;
    if (test_runtime() == TEST_RUNTIME_VALGRIND) {
        skip(); /* it keeps descriptors to itself and refuses such a limit */
    }
    assert_int_equal(child_status(no_descriptors, NULL), 0);
}

static void check_symbol(uintptr_t address, bool may_lock, const char *expected) {
    char buffer[64];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    sys_symbol(address, &text, may_lock);
    assert_string_equal(buffer, expected);
}

static void addresses_without_a_symbol(void **state) {
    (void)state;
    check_symbol(0, true, "unknown");
    check_symbol(0x1234, true, "0x1234");
    check_symbol(0x1234, false, "0x1234");
    assert_int_equal(sys_code_address(0x10, true), 0);
    uintptr_t here = (uintptr_t)check_symbol;
    assert_true(sys_code_address((uint32_t)here, true) == here);
}

static int never_visited(void *object, const struct mempool_description *description,
                         void *argument) {
    (void)object;
    (void)description;
    *(int *)argument = 1;
    return 0;
}

static int use_the_dead(void *unused) {
    (void)unused;
    int visited = 0;
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(OBJECT_BYTES);
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_destroy(pool), 0);
    uint64_t n = mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_GET);
    CHECK_EQUAL(mempool_trim(pool), 0);
    CHECK_EQUAL(mempool_walk(pool, never_visited, &visited), 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_GET), n + 2);
    CHECK(visited == 0 && mempool_stats(pool, &stats) == -EINVAL);
    errno = 0;
    CHECK(mempool_list(NULL, NULL) == 0 && errno == EINVAL);
    errno = 0;
    CHECK(mempool_walk(NULL, never_visited, &visited) == 0 && errno == EINVAL);
    mempool_put_bulk(NULL, 3);
    CHECK(mempool_misuse_configure(NULL) == -EINVAL);
    CHECK(mempool_dump(-1) == -EBADF);
    pool = pool_of_options(&NAMED_POOL_OPTIONS("a\nb\tc\x7f", .object_bytes = 8));
    CHECK(mempool_dump(-1) == -EBADF);
    stats.struct_size = sizeof stats;
    CHECK(mempool_stats(pool, &stats) == 0 && strcmp(stats.name, "test:a?b?c?") == 0);
    return 0;
}

static void dead_handles_and_nothing_at_all(void **state) {
    (void)state;
    assert_int_equal(child_status(use_the_dead, NULL), 0);
}

static _Atomic uint64_t now_ms = 1000000;

static uint64_t fake_clock_ms(void) {
    return load_relaxed(&now_ms);
}

static struct mempool *pool;

static void *get_one(void *argument) {
    *(void **)argument = mempool_get(pool);
    return NULL;
}

/* When all numbers have been round, who got an object long ago is no longer known: and nobody else
 * is named for it. */
static int numbers_go_round(void *unused) {
    (void)unused;
    void *old = NULL, *other;
    sys_operations.clock_ms = fake_clock_ms;
    pool = pool_of(OBJECT_BYTES);
    thread_run(get_one, &old);
    CHECK(address_description(old).thread != 0);
    store_relaxed(&now_ms, load_relaxed(&now_ms) + 60000);
    for (int i = 0; i < THREAD_NUMBERS; i++) {
        thread_run(get_one, &other);
        mempool_put(other);
    }
    struct mempool_description description = address_description(old);
    CHECK_EQUAL(description.age_seconds, 60);
    CHECK_EQUAL(description.thread, 0);
    CHECK_EQUAL(description.thread_exited, 1);
    mempool_put(old);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_number_passed_on_names_nobody(void **state) {
    (void)state;
    assert_int_equal(child_status(numbers_go_round, NULL), 0);
}

/* libc's, where it has memory to remember that a thread is to be told of its end. */
static bool exits_are_watched = true;

#ifndef MEMPOOL_THREAD_SANITIZER /* which has a use for it that this one breaks */

int pthread_setspecific(pthread_key_t key, const void *value) {
    static int (*real)(pthread_key_t, const void *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_setspecific");
    }
    return exits_are_watched ? real(key, value) : ENOMEM;
}

#endif

/* A thread whose end would go unseen has no caches, but it tries again; that costs nothing. */
static int ends_go_unseen(void *unused) {
    (void)unused;
    void *object;
    if (test_runtime() == TEST_RUNTIME_TSAN) {
        return 0;
    }
    pool = pool_of(OBJECT_BYTES);
    exits_are_watched = false;
    for (int i = 0; i < 2 * THREAD_NUMBERS; i++) {
        object = mempool_get(pool);
        CHECK(object != NULL && address_description(object).thread == 0);
        mempool_put(object);
    }
    CHECK(thread_current == &thread_none);
    exits_are_watched = true;
    object = mempool_get(pool);
    CHECK(address_description(object).thread == sys_thread_id());
    mempool_put(object);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void a_thread_that_cannot_be_watched_keeps_no_number(void **state) {
    (void)state;
    assert_int_equal(child_status(ends_go_unseen, NULL), 0);
}

/* More than there are addresses for: known before any memory is spent on it. */
static int ask_for_too_many(void *unused) {
    (void)unused;
    static const size_t bytes[] = {16, 4096, 100000, MEMPOOL_OBJECT_BYTES_MAX};
    CHECK_EQUAL(mempool_destroy(pool_of(OBJECT_BYTES)), 0);
    size_t used = load_relaxed(&space.arena_used);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        struct mempool_options options = POOL_OPTIONS(
            .object_bytes = bytes[i], .count = space.arena_bytes / bytes[i] + 1);
        errno = 0;
        CHECK(mempool_create(&options) == NULL && errno == ENOMEM);
        options.count = SIZE_MAX / 4 / bytes[i];
        errno = 0;
        CHECK(mempool_create(&options) == NULL && errno == ENOMEM);
    }
    CHECK_EQUAL(load_relaxed(&space.arena_used), used);
    return 0;
}

static void a_count_beyond_the_arena_costs_nothing(void **state) {
    (void)state;
    assert_int_equal(child_status(ask_for_too_many, NULL), 0);
}

static void *destroy_it(void *unused) {
    CHECK_EQUAL(mempool_destroy(pool), 1);
    return unused;
}

static void *spare; /* of the pool, what its destructor puts */

static void put_spare(void *object, void *argument) {
    (void)object;
    (void)argument;
    n_unbuilt++;
    if (spare != NULL) {
        void *last = spare;
        spare = NULL;
        thread_run(destroy_it, NULL);
        mempool_put(last);
    }
}

/* A step of giving back with each get, until all is gone that can go. */
static void give_back_in_steps(void) {
    struct mempool *other =
        pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = MEMPOOL_UNCACHED));
    mempool_thread_flush();
    for (int i = 0; i < 200; i++) {
        store_relaxed(&now_ms, load_relaxed(&now_ms) + 1000);
        mempool_put(mempool_get(other));
    }
}

/* The destructor puts the last object of its own pool, which another thread destroyed: it must not
 * wait for itself. */
static int end_in_destructor(void *in_steps) {
    static void *objects[N_IN_SLABS];
    mempool_misuse_sink_set(-1);
    sys_operations.clock_ms = fake_clock_ms;
    pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .construct = build, .destruct = put_spare));
    for (size_t i = 0; i < N_IN_SLABS; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
    }
    spare = objects[0];
    mempool_put_bulk(objects + 1, N_IN_SLABS - 1);
    if (*(const bool *)in_steps) {
        give_back_in_steps();
    } else {
        CHECK(mempool_trim(pool) > 0);
    }
    CHECK(spare == NULL);
    CHECK_EQUAL(load_relaxed(&pool->depot.state), DEPOT_UNUSED);
    CHECK_EQUAL(load_relaxed(&pool->depot.slots), 0);
    CHECK_EQUAL(n_unbuilt, n_built);
    return 0;
}

static void a_destructor_may_end_its_own_pool(void **state) {
    (void)state;
    bool in_steps = false;
    assert_int_equal(child_status(end_in_destructor, &in_steps), 0);
    in_steps = true;
    assert_int_equal(child_status(end_in_destructor, &in_steps), 0);
}

/* ---- a handler that ends a pool over a step that has one of its slabs half-way --------------- */

static int (*real_purge)(void *start, size_t bytes);
static bool is_armed;

static int raising_purge(void *start, size_t bytes) {
    if (is_armed) {
        is_armed = false;
        CHECK(raise(SIGUSR1) == 0);
    }
    return real_purge(start, bytes);
}

static void put_it(int number) {
    (void)number;
    void *last = spare;
    spare = NULL;
    mempool_put(last);
}

/* Longer than a step takes: it leaves off after a few. */
static void take_long(void *object, void *argument) {
    (void)object;
    (void)argument;
    n_unbuilt++;
    uint64_t end_ns = sys_clock_ns() + 10000;
    while (sys_clock_ns() < end_ns) {
    }
}

static void take_step(struct mempool *other) {
    store_relaxed(&now_ms, load_relaxed(&now_ms) + 1000);
    mempool_put(mempool_get(other));
}

static int end_over_step(void *unused) {
    static void *objects[N_IN_SLABS];
    struct sigaction action = {.sa_handler = put_it};
    (void)unused;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    mempool_misuse_sink_set(-1);
    sys_operations.clock_ms = fake_clock_ms;
    real_purge = sys_operations.purge;
    sys_operations.purge = raising_purge;
    struct mempool *other =
        pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = MEMPOOL_UNCACHED));
    pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .construct = build, .destruct = take_long));
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N_IN_SLABS), N_IN_SLABS);
    spare = objects[0];
    mempool_put_bulk(objects + 1, N_IN_SLABS - 1);
    mempool_thread_flush();
    for (int i = 0; i < 200 && n_unbuilt == 0; i++) {
        take_step(other);
    }
    CHECK(n_unbuilt > 0);
    CHECK_EQUAL(mempool_destroy(pool), 1);
    mempool_free(mempool_malloc(200000, "large")); /* a dirty run, for a step to clean */
    is_armed = true;
    for (int i = 0; i < 10 && spare != NULL; i++) {
        take_step(other);
    }
    CHECK(spare == NULL);
    CHECK_EQUAL(load_relaxed(&pool->depot.state), DEPOT_UNUSED);
    CHECK_EQUAL(load_relaxed(&pool->depot.slots), 0);
    CHECK_EQUAL(n_unbuilt, n_built);
    return 0;
}

static void a_handler_may_end_a_pool_over_a_step(void **state) {
    (void)state;
    assert_int_equal(child_status(end_over_step, NULL), 0);
}

static int refuse_of_destroyed(void *object, void *argument) {
    (void)object;
    (void)argument;
    thread_run(destroy_it, NULL);
    return -1;
}

/* Which is no right thing to do, but its memory need not be lost. */
static int destroy_while_constructing(void *unused) {
    (void)unused;
    mempool_misuse_sink_set(-1);
    pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .construct = refuse_of_destroyed));
    CHECK(mempool_get(pool) == NULL);
    CHECK_EQUAL(load_relaxed(&pool->depot.state), DEPOT_UNUSED);
    CHECK_EQUAL(load_relaxed(&pool->depot.slots), 0);
    return 0;
}

static void a_pool_ends_with_a_slot_that_its_constructor_refused(void **state) {
    (void)state;
    assert_int_equal(child_status(destroy_while_constructing, NULL), 0);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_objects_need_notes),
        cmocka_unit_test(foreign_pointers_are_refused_without_proc),
        cmocka_unit_test(addresses_without_a_symbol),
        cmocka_unit_test(dead_handles_and_nothing_at_all),
        cmocka_unit_test(a_number_passed_on_names_nobody),
        cmocka_unit_test(a_thread_that_cannot_be_watched_keeps_no_number),
        cmocka_unit_test(a_count_beyond_the_arena_costs_nothing),
        cmocka_unit_test(a_destructor_may_end_its_own_pool),
        cmocka_unit_test(a_handler_may_end_a_pool_over_a_step),
        cmocka_unit_test(a_pool_ends_with_a_slot_that_its_constructor_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
