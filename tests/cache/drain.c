/* SPDX-License-Identifier: MIT */
/* Caches drawn in while their owners use them: nothing is lost, nothing has two owners. */
#include "unit.h"

#include "child.h"
#include "plain_pool.h"
#include "scale.h"

#include "cache/drain.h"

#include <sched.h>

enum {
    N_THREADS = 3,
    N_HELD = 30, /* objects that one thread has at once */
    N_DRAINS = 3000,
    N_STOPS = 300,
};

static struct depot depot;
static _Atomic bool ending;
static _Atomic uint64_t n_operations;
static pthread_barrier_t meeting; /* of all threads, the main one too */

/* In an object that is out: who has it. */
static void claim(void *object, uint64_t owner) {
    _Atomic uint64_t *place = object;
    CHECK_EQUAL(exchange_relaxed(place, owner), 0);
}

static void disclaim(void *object, uint64_t owner) {
    _Atomic uint64_t *place = object;
    CHECK_EQUAL(exchange_relaxed(place, 0), owner);
}

static void use_once(void **held, uint64_t owner) {
    for (int i = 0; i < N_HELD; i++) {
        held[i] = plain_get(&depot);
        CHECK(held[i] != NULL);
        claim(held[i], owner);
        (void)add_relaxed(&n_operations, 1);
    }
    for (int i = 0; i < N_HELD; i++) {
        disclaim(held[i], owner);
        plain_put(&depot, held[i]);
        (void)add_relaxed(&n_operations, 1);
    }
}

static void *use_until_the_end(void *argument) {
    void *held[N_HELD];
    uint64_t owner = (uint64_t)(uintptr_t)argument + 1;
    while (!load_relaxed(&ending)) {
        use_once(held, owner);
    }
    return NULL;
}

static void draw_in(bool fold) {
    sys_lock_take(&threads_lock);
    sys_lock_take(&depot.lock);
    CHECK(drain_caches(&depot, fold));
    /* nothing is cached now, but in exchange for what is live */
    depot_check(&depot);
    CHECK(depot_out(&depot) <= (size_t)N_THREADS * (N_HELD + 1));
    if (depot.number % 2 == 0) {
        (void)depot_send_home(&depot, 100);
    }
    sys_lock_drop(&depot.lock);
    sys_lock_drop(&threads_lock);
}

static void start(pthread_t *threads, void *(*run)(void *)) {
    store_relaxed(&ending, false);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(run, (void *)i);
    }
}

static void join(const pthread_t *threads) {
    store_relaxed(&ending, true);
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
}

static int drain_in_use(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    plain_begin(&depot, 64, 2);
    start(threads, use_until_the_end);
    for (size_t i = test_scaled(N_DRAINS); i > 0; i--) {
        draw_in(i % 7 == 0);
        if (i % 64 == 0) {
            sched_yield();
        }
    }
    join(threads);
    plain_check(&depot, 0);
    CHECK_EQUAL(load_relaxed(&depot.duplicates), 0);
    CHECK_EQUAL(load_relaxed(&depot.gets) + load_relaxed(&depot.puts),
                load_relaxed(&n_operations));
    depot_end(&depot);
    return 0;
}

static void caches_in_use_are_drawn_in(void **state) {
    (void)state;
    assert_int_equal(child_status(drain_in_use, NULL), 0);
}

static void meet(void) {
    int result = pthread_barrier_wait(&meeting);
    CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *use_and_wait(void *argument) {
    void *held[N_HELD];
    uint64_t owner = (uint64_t)(uintptr_t)argument + 1;
    for (int i = 0; i < 3; i++) {
        use_once(held, owner);
        meet(); /* idle from here */
        meet(); /* to here */
    }
    return NULL;
}

/* Idle threads: everything comes in, counters only where they are folded, and gates open again. */
static int drain_idle(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    uint64_t each = (uint64_t)N_THREADS * N_HELD;
    plain_begin(&depot, 64, 1);
    CHECK(pthread_barrier_init(&meeting, NULL, N_THREADS + 1) == 0);
    start(threads, use_and_wait);
    meet();
    CHECK(plain_sum(&depot).cached >= each);
    draw_in(false);
    struct plain_sums sums = plain_sum(&depot);
    CHECK(sums.cached == 0 && sums.caches == N_THREADS);
    CHECK(sums.gets == each && sums.puts == each && load_relaxed(&depot.gets) == 0);
    CHECK_EQUAL(depot_out(&depot), 0);
    meet();
    meet();
    CHECK(plain_sum(&depot).cached > 0); /* they use their caches again */
    plain_check(&depot, 0);
    draw_in(true);
    sums = plain_sum(&depot);
    CHECK(sums.cached == 0 && sums.caches == 0);
    CHECK_EQUAL(load_relaxed(&depot.gets), 2 * each);
    CHECK_EQUAL(load_relaxed(&depot.puts), 2 * each);
    meet();
    meet();
    plain_check(&depot, 0);
    meet();
    join(threads);
    plain_check(&depot, 0);
    CHECK_EQUAL(load_relaxed(&depot.gets), 3 * each);
    depot_end(&depot);
    return 0;
}

static void idle_caches_are_drawn_in(void **state) {
    (void)state;
    assert_int_equal(child_status(drain_idle, NULL), 0);
}

/* As for a fork: while the locks are held, no thread finishes anything. */
static int stop_in_use(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    plain_begin(&depot, 64, 1);
    start(threads, use_until_the_end);
    for (size_t i = test_scaled(N_STOPS); i > 0; i--) {
        sys_lock_take(&threads_lock);
        sys_lock_take(&depot.lock);
        CHECK(stop_all_caches());
        /* a thread may still count what it had finished, and then waits */
        uint64_t before = load_relaxed(&n_operations);
        sleep_ms(2);
        CHECK(load_relaxed(&n_operations) - before <= N_THREADS);
        struct plain_sums first = plain_sum(&depot), second = plain_sum(&depot);
        CHECK(first.cached == second.cached && first.gets == second.gets);
        sys_lock_drop(&depot.lock);
        sys_lock_drop(&threads_lock);
        sched_yield();
    }
    join(threads);
    plain_check(&depot, 0);
    depot_end(&depot);
    return 0;
}

static void all_caches_can_be_stopped(void **state) {
    (void)state;
    assert_int_equal(child_status(stop_in_use, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_caches_are_drawn_in),
        cmocka_unit_test(caches_in_use_are_drawn_in),
        cmocka_unit_test(all_caches_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
