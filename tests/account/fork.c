/* SPDX-License-Identifier: MIT */
/* A fork: the books of parent and child are exact, each its own, and both go on. */
#include "unit.h"

#include "accounts.h"
#include "caches.h"
#include "child.h"
#include "scale.h"
#include "threads.h"

#include <sched.h>
#include <stdatomic.h>

enum { N_THREADS = 3, N_HELD = 100, BYTES = 100 };

static struct mempool_component *component;
static void *held[N_THREADS][N_HELD];
static pthread_barrier_t meeting;

static void check_live(uint64_t n_blocks) {
    struct mempool_account account = account_of(component, "forked");
    CHECK_EQUAL(account.live_blocks, n_blocks);
    CHECK_EQUAL(account.live_bytes, n_blocks * BYTES);
    CHECK_EQUAL(account.total_blocks - account.total_frees, n_blocks);
    CHECK(account.peak_bytes >= account.live_bytes);
}

/* So many of each thread's blocks are out, the others are in its cache. */
static void *hold_half(void *argument) {
    void **blocks = argument;
    (void)mempool_component_enter(component);
    for (size_t i = 0; i < N_HELD; i++) {
        blocks[i] = mempool_malloc(BYTES, "forked");
        CHECK(blocks[i] != NULL);
    }
    for (size_t i = N_HELD / 2; i < N_HELD; i++) {
        mempool_free(blocks[i]);
    }
    pthread_barrier_wait(&meeting);
    pthread_barrier_wait(&meeting);
    for (size_t i = 0; i < N_HELD / 2; i++) {
        mempool_free(blocks[i]);
    }
    return NULL;
}

/* ThreadSanitizer allows a child no threads. */
static void run_a_thread(void) {
    if (test_runtime() != TEST_RUNTIME_TSAN) {
        thread_run(hold_half, held[0]);
    }
}

static int go_on_alone(void *unused) {
    (void)unused;
    check_live(N_THREADS * N_HELD / 2);
    uint64_t total_before = account_of(component, "forked").total_blocks;
    for (size_t thread = 0; thread < N_THREADS; thread++) {
        for (size_t i = 0; i < N_HELD / 2; i++) {
            mempool_free(held[thread][i]);
        }
    }
    check_live(0);
    struct mempool_component *before = mempool_component_enter(component);
    void *block = mempool_malloc(BYTES, "forked"), *new_type = mempool_malloc(7, "after it");
    void *new_class = mempool_malloc(5000, "after it");
    CHECK(block != NULL && new_type != NULL && new_class != NULL);
    check_live(1);
    CHECK_EQUAL(account_of(component, "forked").total_blocks, total_before + 1);
    mempool_component_leave(before);
    CHECK_EQUAL(component_stats(component).live_blocks, 3);
    mempool_free(block);
    mempool_free(new_type);
    mempool_free(new_class);
    run_a_thread();
    return 0;
}

static int wait_for_nobody(void *unused) {
    CHECK(pthread_barrier_init(&meeting, NULL, 1) == 0);
    return go_on_alone(unused);
}

static int fork_beside_idle_threads(void *unused) {
    pthread_t threads[N_THREADS];
    component = component_of("forks", NULL);
    CHECK(pthread_barrier_init(&meeting, NULL, N_THREADS + 1) == 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(hold_half, held[i]);
    }
    pthread_barrier_wait(&meeting);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(child_status(wait_for_nobody, unused), 0);
        check_live(N_THREADS * N_HELD / 2);
    }
    pthread_barrier_wait(&meeting);
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    check_live(0);
    CHECK(component_stats(component).charged_bytes == 0 || !caches_are_of_threads());
    return 0;
}

static void books_of_a_child(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_idle_threads, NULL), 0);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static atomic_bool forking, going_on;

/* Registered before the library's, so run after it: all of its locks are held. Another thread now
 * begins to make a class, and waits for one of them. */
static void give_the_other_thread_time(void) {
    if (atomic_load(&forking)) {
        atomic_store(&going_on, true);
        sleep_ms(100);
    }
}

static void *make_a_class(void *unused) {
    mempool_free(mempool_malloc(10, "locks"));
    atomic_store(&forking, true);
    while (!atomic_load(&going_on)) {
        sched_yield();
    }
    mempool_free(mempool_malloc(3000, "locks"));
    return unused;
}

static int make_another_class(void *unused) {
    (void)unused;
    void *same = mempool_malloc(3000, "locks"), *block = mempool_malloc(50000, "in the child");
    CHECK(same != NULL && block != NULL);
    mempool_free(same);
    mempool_free(block);
    return 0;
}

/* Before the library's own: so it is called when that one has its locks. */
__attribute__((constructor(101))) static void watch_forks_first(void) {
    (void)pthread_atfork(give_the_other_thread_time, NULL, NULL);
}

static int fork_beside_a_class_in_the_making(void *unused) {
    pthread_t thread = thread_start(make_a_class, NULL);
    while (!atomic_load(&forking)) {
        sched_yield();
    }
    CHECK_EQUAL(child_status(make_another_class, unused), 0);
    thread_join(thread);
    return 0;
}

static void locks_of_a_child(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_a_class_in_the_making, NULL), 0);
}

/* ---- busy threads ---------------------------------------------------------------------------- */

static atomic_bool ending;
static atomic_uint n_begun;

static void *allocate_and_free(void *unused) {
    (void)mempool_component_enter(component);
    atomic_fetch_add(&n_begun, 1);
    for (size_t i = 0; !atomic_load_explicit(&ending, memory_order_relaxed); i++) {
        void *block = mempool_malloc(16 + i % 20000, i % 3 == 0 ? "forked" : "busy");
        CHECK(block != NULL);
        mempool_free(mempool_realloc(block, 16 + i % 7000));
    }
    return unused;
}

/* What a thread was at is live or free, and booked or not: a block each. */
static int use_the_heap(void *unused) {
    CHECK(component_stats(component).live_blocks <= 2 * N_THREADS);
    for (size_t i = 0; i < 2000; i++) {
        void *block = mempool_malloc(16 + i % 9000, "child's");
        CHECK(block != NULL);
        mempool_free(block);
    }
    CHECK_EQUAL(account_of(mempool_component_process(), "child's").live_bytes, 0);
    (void)mempool_trim(NULL);
    run_a_thread();
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    (void)unused;
    return 0;
}

static int use_with_a_thread(void *unused) {
    CHECK(pthread_barrier_init(&meeting, NULL, 1) == 0);
    return use_the_heap(unused);
}

static int fork_beside_busy_threads(void *unused) {
    pthread_t threads[N_THREADS];
    component = component_of("busy", NULL);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(allocate_and_free, NULL);
    }
    /* A thread that begins is inside the C library's malloc, which sanitizers do not keep whole for
     * children. */
    while (atomic_load(&n_begun) < N_THREADS) {
        sched_yield();
    }
    for (size_t i = test_scaled(40); i > 0; i--) {
        CHECK_EQUAL(child_status(use_with_a_thread, unused), 0);
    }
    atomic_store(&ending, true);
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK_EQUAL(component_stats(component).live_blocks, 0);
    CHECK_EQUAL(component_stats(component).live_bytes, 0);
    CHECK(component_stats(component).charged_bytes == 0 || !caches_are_of_threads());
    return 0;
}

static void forks_among_busy_threads(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_busy_threads, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_of_a_child),
        cmocka_unit_test(locks_of_a_child),
        cmocka_unit_test(forks_among_busy_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
