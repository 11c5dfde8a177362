/* SPDX-License-Identifier: MIT */
/* A fork while other threads cache objects, hold some, and are in the middle of things: parent and
 * child both go on, each with exact books of its own. */
#include "unit.h"

#include "caches.h"
#include "child.h"
#include "faults.h"
#include "scale.h"
#include "world.h"

#include "cache/thread.h"

#include <semaphore.h>

enum { N_THREADS = 3, N_HELD = 100, N_FORKS = 40, N_SHAPES = 4 };

static struct mempool *pools[N_SHAPES];
static void *held[N_THREADS][N_SHAPES][N_HELD];
static pthread_barrier_t meeting;
static _Atomic bool ending;

static void create_pools(enum mempool_on_empty on_empty) {
    pools[0] = pool_of(64);
    pools[1] = pool_of_options(&POOL_OPTIONS(.object_bytes = 200, .limit = 1000));
    pools[2] = pool_of_options(&POOL_OPTIONS(.object_bytes = 300, .count = 50,
                                             .on_empty = on_empty));
    pools[3] = pool_of_options(&POOL_OPTIONS(.object_bytes = 32, .flags = MEMPOOL_UNCACHED));
}

static void meet(void) {
    int result = pthread_barrier_wait(&meeting);
    CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static uint64_t key_of(size_t thread, size_t shape, size_t i) {
    return thread * 1000003 + shape * 1009 + i;
}

static size_t bytes_of(size_t shape) {
    static const size_t bytes[N_SHAPES] = {64, 200, 300, 32};
    return bytes[shape];
}

static void fill(size_t thread) {
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        for (size_t i = 0; i < N_HELD; i++) {
            held[thread][shape][i] = mempool_get(pools[shape]);
            CHECK(held[thread][shape][i] != NULL);
            pattern_fill(held[thread][shape][i], bytes_of(shape), key_of(thread, shape, i));
        }
    }
}

static void empty(size_t thread, size_t from) {
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        for (size_t i = from; i < N_HELD; i++) {
            CHECK(pattern_intact(held[thread][shape][i], bytes_of(shape),
                                 key_of(thread, shape, i)));
            mempool_put(held[thread][shape][i]);
        }
    }
}

/* Half of what was got is cached, half of it live, while the fork takes place. */
static void *hold_half(void *argument) {
    size_t thread = (size_t)(uintptr_t)argument;
    fill(thread);
    meet(); /* none uses again what another has put */
    empty(thread, N_HELD / 2);
    meet(); /* idle until the next */
    meet();
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        for (size_t i = 0; i < N_HELD / 2; i++) {
            CHECK(pattern_intact(held[thread][shape][i], bytes_of(shape),
                                 key_of(thread, shape, i)));
            mempool_put(held[thread][shape][i]);
        }
    }
    return NULL;
}

/* The other threads' caches are in the depots, what they held is live, and can be put. */
static int go_on_alone(void *unused) {
    (void)unused;
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        struct mempool_stats stats = pool_stats(pools[shape]);
        CHECK_EQUAL(stats.hot + stats.curr_stdalloc, N_THREADS * N_HELD / 2);
        CHECK(!caches_are_of_threads() || (stats.cached == 0 && stats.caches == 0));
    }
    for (size_t thread = 0; thread < N_THREADS; thread++) {
        for (size_t shape = 0; shape < N_SHAPES; shape++) {
            mempool_put_bulk(held[thread][shape], N_HELD / 2);
        }
    }
    fill(0);
    CHECK_EQUAL(address_description(held[0][0][0]).thread, sys_thread_id());
    empty(0, 0);
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        CHECK_EQUAL(pool_live(pools[shape]), 0);
        (void)mempool_trim(pools[shape]);
        CHECK_EQUAL(mempool_destroy(pools[shape]), 0);
    }
    return 0;
}

/* No time passes: else rounds that the depot does not need would go home to their slabs. */
static uint64_t stopped_clock_ms(void) {
    return 1000;
}

static int fork_beside_idle_threads(void *unused) {
    (void)unused;
    sys_operations.clock_ms = stopped_clock_ms;
    pthread_t threads[N_THREADS];
    CHECK(pthread_barrier_init(&meeting, NULL, N_THREADS + 1) == 0);
    create_pools(MEMPOOL_HEAP);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(hold_half, (void *)i);
    }
    meet();
    meet();
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(child_status(go_on_alone, NULL), 0);
    }
    /* The parent has all of them still; how many went to the depot is a matter of traffic. */
    struct mempool_stats stats = pool_stats(pools[0]);
    CHECK(!caches_are_of_threads() ||
          (stats.cached > 0 && stats.cached + stats.depot >= N_THREADS * N_HELD / 2));
    meet();
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        CHECK_EQUAL(pool_live(pools[shape]), 0);
        CHECK_EQUAL(mempool_destroy(pools[shape]), 0);
    }
    return 0;
}

static void a_child_has_what_other_threads_cached(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_idle_threads, NULL), 0);
}

static void *use_until_the_end(void *argument) {
    size_t thread = (size_t)(uintptr_t)argument;
    while (!load_relaxed(&ending)) {
        fill(thread);
        empty(thread, 0);
    }
    return NULL;
}

/* Whatever the other threads were doing: no hang, and nothing that a new object shares. */
static int use_pools(void *unused) {
    (void)unused;
    for (int round = 0; round < 3; round++) {
        fill(0);
        empty(0, 0);
    }
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        uint64_t live = pool_live(pools[shape]);
        CHECK(live <= N_THREADS * (N_HELD + 1));
        mempool_misuse_sink_set(-1);
        (void)mempool_trim(pools[shape]);
        CHECK_EQUAL(mempool_destroy(pools[shape]), live);
    }
    end_leaking(); /* heap objects that the other threads had are leaks here, as they must be */
    return 0;
}

static int fork_beside_busy_threads(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    create_pools(test_malloc_is_whole_after_fork() ? MEMPOOL_HEAP : MEMPOOL_GROW);
    /* The child's own objects take the place of thread 0's. */
    for (size_t i = 1; i < N_THREADS; i++) {
        threads[i] = thread_start(use_until_the_end, (void *)i);
    }
    for (size_t i = test_scaled(N_FORKS); i > 0; i--) {
        CHECK_EQUAL(child_status(use_pools, NULL), 0);
    }
    store_relaxed(&ending, true);
    for (size_t i = 1; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        CHECK_EQUAL(pool_live(pools[shape]), 0);
        CHECK_EQUAL(mempool_destroy(pools[shape]), 0);
    }
    return 0;
}

static void forks_among_busy_threads(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_busy_threads, NULL), 0);
}

/* ---- threads that are to be cancelled ------------------------------------------------------- */

/* The next place where libc cancels threads is the calling one's last. */
static void cancel_here(void) {
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL) == 0);
}

static void *create_cancelled(void *unused) {
    cancel_here();
    pools[0] = mempool_create(&POOL_OPTIONS(.object_bytes = 64));
    return unused;
}

static void *fork_cancelled(void *ret_child) {
    cancel_here();
    *(pid_t *)ret_child = fork();
    if (*(pid_t *)ret_child == 0) {
        mempool_put(mempool_get(pools[0]));
        _exit(0);
    }
    return NULL;
}

static int cancel_threads(void *unused) {
    (void)unused;
    pid_t child = -1;
    int status;
    thread_run(create_cancelled, NULL);
    CHECK(pools[0] != NULL);
    mempool_put(mempool_get(pools[0]));
    thread_run(fork_cancelled, &child);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    mempool_put(mempool_get(pools[0]));
    CHECK_EQUAL(mempool_destroy(pools[0]), 0);
    return 0;
}

static void nobody_is_cancelled_under_locks(void **state) {
    (void)state;
    assert_int_equal(child_status(cancel_threads, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_cancelled_under_locks),
        cmocka_unit_test(a_child_has_what_other_threads_cached),
        cmocka_unit_test(forks_among_busy_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
