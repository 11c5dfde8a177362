/* SPDX-License-Identifier: MIT */
/* Signal handlers that get and put in the midst of the books' slow halves: nothing hangs, and
 * nothing is lost. */
#include "unit.h"

#include "accounts.h"
#include "threads.h"

#include "account/tally.h"
#include "cache/seat.h"
#include "sys/sys.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static struct mempool *pool; /* the handler's */
static volatile sig_atomic_t is_armed, is_inside, n_handled, n_called_inside;

static void handle(int number) {
    (void)number;
    is_inside = 1;
    void *object = mempool_get(pool);
    if (object != NULL) {
        mempool_put(object);
    }
    is_inside = 0;
    n_handled = n_handled + 1;
}

static void interrupt(void) {
    if (is_armed) {
        is_armed = 0;
        assert_int_equal(raise(SIGUSR1), 0);
    }
}

/* ---- a soft limit that is passed where locks are held ---------------------------------------- */

static int (*commit)(void *start, size_t bytes);
static int n_passed;

static int interrupted_commit(void *start, size_t bytes) {
    interrupt();
    return commit(start, bytes);
}

static void passed(struct mempool_component *component, uint64_t bytes, void *unused) {
    char name[32];
    (void)component;
    (void)bytes;
    (void)unused;
    n_called_inside += is_inside;
    assert_true(snprintf(name, sizeof name, "passed %d", n_passed++) > 0);
    mempool_free(mempool_malloc_typed(100, mempool_type(name))); /* a name takes a lock */
}

static void a_soft_limit_is_told_behind_the_locks(void **state) {
    enum { N = 100, BYTES = 100000 };
    (void)state;
    static void *objects[N];
    struct mempool_component *component = component_of("limited", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    struct mempool *large = mempool_create_typed(BYTES, 16, "large", 0);
    commit = sys_operations.commit;
    sys_operations.commit = interrupted_commit;
    for (int i = 0; i < N; i++) {
        struct mempool_limits limits = {
            .struct_size = sizeof limits,
            .soft_bytes = component_stats(component).charged_bytes + 1,
            .soft_passed = passed};
        assert_int_equal(mempool_component_limit(component, &limits), 0);
        is_armed = 1;
        objects[i] = mempool_get(large);
        assert_non_null(objects[i]);
    }
    is_armed = 0;
    sys_operations.commit = commit;
    assert_true(n_handled > 0 && n_passed > 0);
    assert_int_equal(n_called_inside, 0);
    for (int i = 0; i < N; i++) {
        mempool_put(objects[i]);
    }
    mempool_component_leave(before);
    assert_int_equal(mempool_component_limit(component, NULL), 0);
    assert_int_equal(mempool_destroy(large), 0);
}

/* ---- a thread that is seated in a handler ---------------------------------------------------- */

static uint64_t (*clock_ms)(void);
static pthread_barrier_t barrier;

static uint64_t interrupted_clock(void) {
    interrupt();
    return clock_ms();
}

static void *be_there(void *unused) {
    mempool_put(mempool_get(pool));
    (void)pthread_barrier_wait(&barrier); /* all are attached */
    (void)pthread_barrier_wait(&barrier); /* until it is over */
    return unused;
}

static void fill_up_to_the_tick(struct mempool_type *type, uint64_t *ret_n) {
    uint32_t place = account_find(component_root(), type);
    while (thread_has_tally(thread_current, place) &&
           (load_relaxed(&thread_tally(thread_current, place)->room) & ROOM_TICKS_MAX) != 0) {
        assert_non_null(mempool_malloc_typed(16, type));
        ++*ret_n;
    }
}

static void a_handler_seats_no_thread_that_is_counting(void **state) {
    enum { N_THREADS = 40, LARGE = 100000 };
    (void)state;
    pthread_t threads[N_THREADS];
    struct mempool_type *type = mempool_type("counted");
    uint64_t n = 1;
    assert_non_null(mempool_malloc_typed(16, type));
    fill_up_to_the_tick(type, &n);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, N_THREADS + 1), 0);
    for (int i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(be_there, NULL);
    }
    (void)pthread_barrier_wait(&barrier);
    clock_ms = sys_operations.clock_ms;
    sys_operations.clock_ms = interrupted_clock;
    n_handled = 0;
    is_armed = 1;
    assert_non_null(mempool_malloc_typed(LARGE, type));
    sys_operations.clock_ms = clock_ms;
    assert_int_equal(n_handled, 1);
    struct mempool_account account = account_of(mempool_component_process(), "counted");
    assert_int_equal(account.live_blocks, n + 1);
    assert_int_equal(account.total_blocks, n + 1);
    assert_int_equal(account.live_bytes, 16 * n + LARGE);
    (void)pthread_barrier_wait(&barrier);
    for (int i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_seats_no_thread_that_is_counting),
        cmocka_unit_test(a_soft_limit_is_told_behind_the_locks),
    };
    struct sigaction action = {.sa_handler = handle};
    alarm(50);
    pool = mempool_create_typed(64, 16, "handlers", 100);
    mempool_put(mempool_get(pool));
    return sigaction(SIGUSR1, &action, NULL) == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
