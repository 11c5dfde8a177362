/* SPDX-License-Identifier: MIT */
/* Signal handlers that interrupt a slow get while it holds the pool's lock and asks the system for
 * memory: they are refused, deferred, or served from what is there; they never hang. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "one_processor.h"
#include "pattern.h"
#include "threads.h"

#include "cache/thread.h"
#include "pool/heap.h"

#include <signal.h>
#include <stdatomic.h>

enum {
    OBJECT_BYTES = 1000,
    N_READY = 20,  /* objects that are live when the handler comes */
    N_PUTS = 40,   /* more than can be deferred */
    N_DRIVE = 3000,
};

static struct mempool *pool, *other;
static void *ready[N_PUTS], *others[N_READY], *driven[N_DRIVE];
static size_t n_ready, n_others;
static void (*handler_work)(void);
static int n_handled;
static int raise_at; /* the raise-at-th commit from now on; 0: none */

static int raising_commit(void *start, size_t bytes) {
    if (raise_at > 0 && --raise_at == 0) {
        CHECK(raise(SIGUSR1) == 0);
    }
    return faults.real.commit(start, bytes);
}

static void handle(int signal_number) {
    (void)signal_number;
    int saved_errno = errno;
    n_handled++;
    handler_work();
    errno = saved_errno;
}

static void prepare(unsigned flags) {
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    mempool_misuse_sink_set(-1);
    faults_arm(0, 0, 0);
    sys_operations.commit = raising_commit;
    pool = pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = flags));
    other = pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = flags));
    for (size_t i = 0; i < N_PUTS; i++) {
        ready[i] = mempool_get(pool);
    }
    for (size_t i = 0; i < N_READY; i++) {
        others[i] = mempool_get(other);
    }
    n_ready = N_PUTS;
    n_others = N_READY;
}

/* Get until the pool has asked the system for memory, which interrupts it. */
static size_t drive_into_commit(void) {
    size_t n = 0;
    int before = n_handled;
    raise_at = 1;
    while (n_handled == before) {
        CHECK(n < N_DRIVE);
        driven[n] = mempool_get(pool);
        CHECK(driven[n] != NULL);
        pattern_fill(driven[n], OBJECT_BYTES, n);
        n++;
    }
    return n;
}

static void put_driven(size_t n) {
    for (size_t i = 0; i < n; i++) {
        CHECK(pattern_intact(driven[i], OBJECT_BYTES, i));
        mempool_put(driven[i]);
    }
}

static uint64_t n_reentered(void) {
    return mempool_misuse_count(MEMPOOL_MISUSE_REENTERED);
}

/* The lock is held by the interrupted call: EAGAIN, and a report. */
static void get_from_the_same_pool(void) {
    uint64_t before = n_reentered();
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == EAGAIN);
    CHECK_EQUAL(n_reentered(), before + 1);
    errno = 0;
    CHECK(mempool_get0(pool) == NULL && errno == EAGAIN);
    void *objects[3];
    CHECK_EQUAL(mempool_get_bulk(pool, objects, 3), 0);
    CHECK_EQUAL(n_reentered(), before + 3);
}

static int get_is_refused(void *argument) {
    prepare(*(const unsigned *)argument);
    handler_work = get_from_the_same_pool;
    size_t n = drive_into_commit();
    CHECK_EQUAL(pool_live(pool), N_PUTS + n);
    CHECK_EQUAL(pool_stats(pool).refused, 3);
    put_driven(n);
    return 0;
}

/* As many puts as can be deferred are; more are refused, and their objects stay live. */
static void put_more_than_can_wait(void) {
    uint64_t before = n_reentered();
    for (size_t i = 0; i < N_PUTS; i++) {
        errno = EXDEV;
        mempool_put(ready[i]);
        CHECK(errno == EXDEV);
    }
    CHECK_EQUAL(n_reentered(), before + N_PUTS - THREAD_DEFERRED);
}

static int put_is_deferred(void *argument) {
    prepare(*(const unsigned *)argument);
    handler_work = put_more_than_can_wait;
    size_t n = drive_into_commit();
    /* deferred puts were carried out when the get ended */
    CHECK_EQUAL(pool_live(pool), N_PUTS - THREAD_DEFERRED + n);
    for (size_t i = 0; i < N_PUTS; i++) {
        enum mempool_state state = address_state(ready[i]);
        bool taken_again = false;
        for (size_t k = 0; k < n; k++) {
            taken_again = taken_again || driven[k] == ready[i];
        }
        CHECK(i < THREAD_DEFERRED ? state == MEMPOOL_STATE_FREE || taken_again
                                  : state == MEMPOOL_STATE_LIVE);
    }
    for (size_t i = THREAD_DEFERRED; i < N_PUTS; i++) {
        mempool_put(ready[i]);
    }
    put_driven(n);
    CHECK_EQUAL(pool_live(pool), 0);
    CHECK_EQUAL(n_reentered(), N_PUTS - THREAD_DEFERRED);
    return 0;
}

/* Another pool's lock is free: puts are carried out at once, gets as far as memory lies ready. */
static void use_another_pool(void) {
    uint64_t before = n_reentered();
    for (size_t i = 0; i < N_READY; i++) {
        mempool_put(others[i]);
        CHECK(address_state(others[i]) == MEMPOOL_STATE_FREE);
    }
    for (size_t i = 0; i < N_READY; i++) {
        others[i] = mempool_get(other);
        CHECK(others[i] != NULL);
        memset(others[i], 0x5a, OBJECT_BYTES);
    }
    CHECK_EQUAL(n_reentered(), before);
}

static int another_pool_serves(void *argument) {
    prepare(*(const unsigned *)argument);
    handler_work = use_another_pool;
    size_t n = drive_into_commit();
    CHECK_EQUAL(pool_live(other), N_READY);
    CHECK_EQUAL(pool_live(pool), N_PUTS + n);
    for (size_t i = 0; i < N_READY; i++) {
        mempool_put(others[i]);
    }
    put_driven(n);
    return 0;
}

/* No memory is asked for over a call that is asking for some. */
static void exhaust_another_pool(void) {
    void *object;
    size_t n = 0;
    uint64_t slabs = pool_stats(other).slabs;
    errno = 0;
    while ((object = mempool_get(other)) != NULL) {
        CHECK(++n < 10000);
    }
    CHECK(errno == EAGAIN);
    CHECK_EQUAL(pool_stats(other).slabs, slabs);
}

static int another_pool_does_not_grow(void *argument) {
    prepare(*(const unsigned *)argument);
    handler_work = exhaust_another_pool;
    size_t n = drive_into_commit();
    CHECK_EQUAL(n_reentered(), 1);
    put_driven(n);
    CHECK(mempool_get(other) != NULL); /* now it may */
    return 0;
}

/* What only looks needs no lock: it answers, and does not hang. */
static void look_around(void) {
    CHECK(mempool_of(ready[0]) == pool);
    CHECK(address_state(ready[1]) == MEMPOOL_STATE_LIVE);
    CHECK(mempool_of(&pool) == NULL);
    CHECK(pool_stats(pool).hot >= N_PUTS);
    mempool_thread_flush();
}

static int looking_works(void *argument) {
    prepare(*(const unsigned *)argument);
    handler_work = look_around;
    put_driven(drive_into_commit());
    CHECK_EQUAL(n_reentered(), 0);
    return 0;
}

/* The last object of a destroyed pool: its put would end the pool, under locks of all kinds. */
static void put_the_last(void) {
    for (size_t i = 0; i < N_READY; i++) {
        mempool_put(others[i]);
    }
}

static int destroyed_pool_ends(void *argument) {
    prepare(*(const unsigned *)argument);
    CHECK_EQUAL(mempool_destroy(other), N_READY);
    handler_work = put_the_last;
    size_t n = drive_into_commit();
    for (size_t i = 0; i < N_READY; i++) {
        CHECK(address_state(others[i]) != MEMPOOL_STATE_LIVE);
    }
    CHECK_EQUAL(load_relaxed(&other->depot.state), DEPOT_UNUSED);
    CHECK_EQUAL(load_relaxed(&other->depot.slots), 0);
    put_driven(n);
    CHECK_EQUAL(n_reentered(), 0);
    return 0;
}

/* ---- a wrong put over a hit, while another thread that forks waits for the hit's end --------- */

static void *fork_elsewhere(void *unused) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return unused;
}

static int wrong_put_is_refused(void *unused) {
    (void)unused;
    int foreign;
    struct mempool *heap = pool_of_options(
        &POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .on_empty = MEMPOOL_HEAP));
    mempool_misuse_sink_set(-1);
    void *object = mempool_get(heap);
    CHECK(object != NULL);
    struct thread *holder = thread_enter(thread_current); /* as in a hit */
    CHECK(holder != NULL);
    pthread_t forking = thread_start(fork_elsewhere, NULL);
    while (load_relaxed(&heap_lock.state) == 0) {
        sleep_ms(1);
    }
    mempool_put(&foreign);
    thread_leave(holder);
    thread_join(forking);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_STACK), 1);
    mempool_put(object);
    CHECK_EQUAL(mempool_destroy(heap), 0);
    return 0;
}

/* ---- a constructor that refuses over a call, while another thread has the pool's lock -------- */

static struct mempool *built;
static pthread_t interrupted_thread;
static _Atomic size_t n_elsewhere; /* objects got by the other thread */
static atomic_bool is_attached, has_begun, has_refused;

static void *get_elsewhere(void *unused) {
    static void *objects[N_DRIVE];
    size_t n = 0;
    mempool_put(mempool_get(other));
    is_attached = true;
    while (!has_begun) {
        sleep_ms(1);
    }
    for (; !has_refused; n++) {
        CHECK(n < N_DRIVE);
        objects[n] = mempool_get(built);
        CHECK(objects[n] != NULL);
        add_relaxed(&n_elsewhere, 1);
    }
    mempool_put_bulk(objects, n);
    return unused;
}

/* Not before the other thread has the pool's lock, and waits for what the interrupted call has. */
static int refuse_when_locked(void *object, void *argument) {
    (void)object;
    (void)argument;
    if (!pthread_equal(pthread_self(), interrupted_thread)) {
        return 0;
    }
    has_begun = true;
    for (int idle = 0; idle < 20; idle++) {
        size_t before = load_relaxed(&n_elsewhere);
        sleep_ms(10);
        bool locked = load_relaxed(&built->depot.lock.state) != 0;
        idle = locked && load_relaxed(&n_elsewhere) == before ? idle : 0;
    }
    has_refused = true;
    errno = EDOM;
    return -1;
}

static void get_unbuilt(void) {
    errno = 0;
    CHECK(mempool_get(built) == NULL && errno == EDOM);
}

static int refused_slot_is_kept(void *argument) {
    enum { MORE = 20 };
    void *objects[MORE];
    prepare(*(const unsigned *)argument);
    interrupted_thread = pthread_self();
    built = pool_of_options(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES,
                                          .flags = *(const unsigned *)argument,
                                          .count = 1,
                                          .construct = refuse_when_locked));
    pthread_t helper = thread_start(get_elsewhere, NULL);
    while (!is_attached) {
        sleep_ms(1);
    }
    handler_work = get_unbuilt;
    size_t n = drive_into_commit();
    thread_join(helper);
    CHECK_EQUAL(pool_live(built), 0);
    CHECK_EQUAL(pool_stats(built).refused, 1);
    interrupted_thread = helper; /* from now on all are built */
    for (size_t i = 0; i < MORE; i++) {
        objects[i] = mempool_get(built);
        CHECK(objects[i] != NULL);
    }
    mempool_put_bulk(objects, MORE);
    CHECK_EQUAL(mempool_destroy(built), 0);
    CHECK_EQUAL(load_relaxed(&built->depot.state), DEPOT_UNUSED); /* no slot is missing */
    put_driven(n);
    CHECK_EQUAL(n_reentered(), 0);
    return 0;
}

static void run_both(int (*run)(void *)) {
    unsigned flags = 0;
    assert_int_equal(child_status(run, &flags), 0);
    flags = MEMPOOL_UNCACHED;
    assert_int_equal(child_status(run, &flags), 0);
}

static void a_get_under_its_own_lock_is_refused(void **state) {
    (void)state;
    run_both(get_is_refused);
}

static void a_put_under_its_own_lock_is_deferred(void **state) {
    (void)state;
    run_both(put_is_deferred);
}

static void another_pool_serves_a_handler(void **state) {
    (void)state;
    run_both(another_pool_serves);
    run_both(another_pool_does_not_grow);
}

static void a_handler_puts_the_last_of_a_destroyed_pool(void **state) {
    (void)state;
    run_both(destroyed_pool_ends);
}

static void a_wrong_put_waits_for_nobody(void **state) {
    (void)state;
    assert_int_equal(child_status(wrong_put_is_refused, NULL), 0);
}

static void a_slot_refused_in_a_handler_is_kept(void **state) {
    (void)state;
    run_both(refused_slot_is_kept);
}

static void a_handler_may_look(void **state) {
    (void)state;
    run_both(looking_works);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_under_its_own_lock_is_refused),
        cmocka_unit_test(a_put_under_its_own_lock_is_deferred),
        cmocka_unit_test(another_pool_serves_a_handler),
        cmocka_unit_test(a_handler_puts_the_last_of_a_destroyed_pool),
        cmocka_unit_test(a_wrong_put_waits_for_nobody),
        cmocka_unit_test(a_slot_refused_in_a_handler_is_kept),
        cmocka_unit_test(a_handler_may_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
