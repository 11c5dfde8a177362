/* SPDX-License-Identifier: MIT */
/* Threads that use their processors' caches: when, what happens where these are taken, handlers,
 * puts of others' objects and puts at once, forks. Each test is a process of its own. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "one_processor.h"
#include "threads.h"

#include "cache/grace.h"
#include "cache/seat.h"

#include <mempool/misuse.h>

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

enum { OBJECT_BYTES = 64, N = 200, N_RACES = 100000 };

static struct mempool *pool;
static void *objects[N];

/* Have the library begin with this setting; false: nobody is ever seated here. */
static bool begin(const char *caches) {
    mempool_misuse_sink_set(-1);
    CHECK(caches != NULL ? setenv("MEMPOOL_CACHES", caches, 1) == 0
                         : unsetenv("MEMPOOL_CACHES") == 0);
    pool = pool_of(OBJECT_BYTES);
    return seats_n != 0;
}

static void check_no_misuse(void) {
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

static size_t n_seats(void) {
    size_t n = 0;
    for (const struct thread *at = threads_first(); at != NULL; at = at->next_all) {
        n += load_relaxed(&at->seat_of) != 0;
    }
    return n;
}

/* ---- when ------------------------------------------------------------------------------------ */

static pthread_barrier_t all;
static atomic_uint n_seated;

static void use_a_little(void) {
    for (size_t i = 0; i < 1000; i++) { /* with misses */
        void *object = mempool_get(pool), *more = mempool_get(pool);
        mempool_put(object);
        mempool_put(more);
    }
    mempool_thread_flush();
    mempool_put(mempool_get(pool));
}

static void *arrive_and_use(void *unused) {
    use_a_little();
    pthread_barrier_wait(&all);
    use_a_little();
    atomic_fetch_add(&n_seated, thread_seated);
    pthread_barrier_wait(&all);
    pthread_barrier_wait(&all);
    return unused;
}

/* So many threads, the caller among them: how many are seated then? */
static unsigned seated_of(size_t n) {
    pthread_t threads[200];
    CHECK(n > 1 && n <= 200);
    CHECK(pthread_barrier_init(&all, NULL, (unsigned)n) == 0);
    use_a_little();
    for (size_t i = 1; i < n; i++) {
        threads[i] = thread_start(arrive_and_use, NULL);
    }
    pthread_barrier_wait(&all);
    use_a_little();
    pthread_barrier_wait(&all);
    unsigned seated = atomic_load(&n_seated) + thread_seated;
    struct mempool_stats stats = pool_stats(pool);
    CHECK(seated < n || stats.caches <= SEATS_EACH * seats_n);
    CHECK_EQUAL(stats.hot, 0);
    CHECK_EQUAL(stats.alloc_count, stats.put_count);
    pthread_barrier_wait(&all);
    for (size_t i = 1; i < n; i++) {
        thread_join(threads[i]);
    }
    (void)mempool_trim(pool);
    CHECK_EQUAL(pool_stats(pool).cached, 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return seated;
}

static size_t threads_enough(void) {
    cpu_set_t allowed;
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    size_t many = 2 * (size_t)CPU_COUNT(&allowed);
    return many > 4 ? many : 4;
}

static int few_are_not(void *unused) {
    (void)unused;
    (void)begin(NULL);
    CHECK_EQUAL(seated_of(threads_enough()), 0);
    CHECK_EQUAL(n_seats(), 0);
    check_no_misuse();
    return 0;
}

static int many_are(void *caches) {
    size_t n = threads_enough() + 1;
    bool can_be = begin(caches);
    CHECK_EQUAL(seated_of(n), can_be ? n : 0);
    CHECK(n_seats() <= SEATS_EACH * seats_n && (n_seats() > 0) == can_be);
    check_no_misuse();
    return 0;
}

static int none_is_where_it_is_so_set(void *unused) {
    (void)unused;
    (void)begin("thread");
    CHECK_EQUAL(seated_of(threads_enough() + 3), 0);
    check_no_misuse();
    return 0;
}

static int all_are_where_it_is_so_set(void *unused) {
    (void)unused;
    bool can_be = begin("processor");
    CHECK_EQUAL(seated_of(2), can_be ? 2 : 0);
    check_no_misuse();
    return 0;
}

static int other_settings_are_told(void *unused) {
    (void)unused;
    (void)begin("processors");
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING), 1);
    CHECK_EQUAL(seated_of(2), 0);
    return 0;
}

static void when(void **state) {
    (void)state;
    assert_int_equal(child_status(few_are_not, NULL), 0);
    assert_int_equal(child_status(many_are, NULL), 0);
    assert_int_equal(child_status(many_are, "auto"), 0);
    assert_int_equal(child_status(none_is_where_it_is_so_set, NULL), 0);
    assert_int_equal(child_status(all_are_where_it_is_so_set, NULL), 0);
    assert_int_equal(child_status(other_settings_are_told, NULL), 0);
}

/* ---- taken ----------------------------------------------------------------------------------- */

static void *use_beside(void *unused) {
    for (size_t i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
        void *block = mempool_malloc(100 + i, "beside");
        CHECK(block != NULL);
        block = mempool_realloc(block, 300 + i);
        CHECK(block != NULL);
        mempool_free(block);
    }
    for (size_t i = 0; i < N; i++) {
        mempool_put(objects[i]);
    }
    return unused;
}

static void *use_often_beside(void *unused) {
    for (int i = 0; i < 30; i++) { /* some 10,000 times */
        (void)use_beside(NULL);
    }
    return unused;
}

static sem_t arrived, go_on;

static void *hold_a_seat(void *slow) {
    struct thread *seat = NULL;
    while ((seat = seat_take()) == NULL) {
        (void)use_often_beside(NULL); /* which makes one more */
    }
    if (slow != NULL) {
        thread_slow_down(seat);
    }
    sem_post(&arrived);
    sem_wait(&go_on);
    if (slow != NULL) {
        thread_leave_slow(seat);
    } else {
        seat_leave(seat);
    }
    return NULL;
}

/* Others on this processor find so many seats taken, as if who holds them were off it. */
static void use_beside_holders(size_t n, void *slow) {
    pthread_t holders[SEATS_EACH];
    for (size_t i = 0; i < n; i++) {
        holders[i] = thread_start(hold_a_seat, slow);
        sem_wait(&arrived);
    }
    thread_run(use_often_beside, NULL);
    CHECK_EQUAL(n_seats(), SEATS_EACH);
    for (size_t i = 0; i < n; i++) {
        sem_post(&go_on);
    }
    for (size_t i = 0; i < n; i++) {
        thread_join(holders[i]);
    }
    struct mempool_stats stats = pool_stats(pool);
    CHECK(stats.hot == 0 && stats.alloc_count == stats.put_count);
    const struct mempool_account account = account_of(mempool_component_process(), "beside");
    CHECK(account.live_bytes == 0 && account.live_blocks == 0);
    CHECK_EQUAL(account.total_blocks, account.total_frees);
}

static void *get_and_put(void *unused) {
    mempool_put(mempool_get(pool));
    return unused;
}

/* Now and then it is taken: not worth a second. */
static void a_few_times_beside_a_holder(void) {
    pthread_t holder = thread_start(hold_a_seat, NULL);
    sem_wait(&arrived);
    for (int i = 0; i < 20; i++) {
        thread_run(get_and_put, NULL);
    }
    sem_post(&go_on);
    thread_join(holder);
    CHECK_EQUAL(n_seats(), 1);
    CHECK_EQUAL(pool_stats(pool).hot, 0);
}

static int others_find_it_taken(void *slow) {
    stay_on_one_processor();
    if (!begin("processor")) {
        return 0;
    }
    CHECK(sem_init(&arrived, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    use_a_little();
    CHECK_EQUAL(n_seats(), 1);
    a_few_times_beside_a_holder();
    use_beside_holders(1, slow); /* they make a second and use it */
    use_beside_holders(SEATS_EACH, slow); /* they go past the caches */
    thread_run(use_beside, NULL);
    check_no_misuse();
    return 0;
}

static void taken(void **state) {
    (void)state;
    assert_int_equal(child_status(others_find_it_taken, NULL), 0);
    assert_int_equal(child_status(others_find_it_taken, "slow"), 0);
}

/* ---- handlers -------------------------------------------------------------------------------- */

static bool handler_is_slow;

static void handle(int signal_number) {
    (void)signal_number;
    CHECK(thread_interrupted());
    CHECK_EQUAL(thread_stage(thread_current), handler_is_slow ? THREAD_SLOW : THREAD_FAST);
    mempool_thread_flush(); /* does nothing */
    void *object = mempool_get(pool);
    CHECK(object != NULL || handler_is_slow);
    if (object != NULL) {
        mempool_put(object);
    }
    for (size_t i = 0; i < N; i += 10) {
        mempool_put(objects[i]);
        objects[i] = NULL;
    }
}

static int over_a_hit(void *slow) {
    struct sigaction action = {.sa_handler = handle};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    stay_on_one_processor();
    if (!begin("processor")) {
        return 0;
    }
    for (size_t i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
    }
    CHECK(!thread_interrupted());
    struct thread *seat = seat_take();
    CHECK(seat != NULL);
    CHECK(seat_take() == NULL); /* by the same thread, as a handler */
    handler_is_slow = slow != NULL;
    if (handler_is_slow) {
        thread_slow_down(seat);
    }
    CHECK(raise(SIGUSR1) == 0);
    if (handler_is_slow) {
        thread_leave_slow(seat);
    } else {
        seat_leave(seat);
    }
    CHECK(!thread_interrupted());
    mempool_thread_flush(); /* carries out what was put off */
    CHECK_EQUAL(pool_stats(pool).hot, N - N / 10);
    for (size_t i = 0; i < N; i++) {
        mempool_put(objects[i]);
    }
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}

static void handlers(void **state) {
    (void)state;
    assert_int_equal(child_status(over_a_hit, NULL), 0);
    assert_int_equal(child_status(over_a_hit, "slow"), 0);
}

/* ---- puts ------------------------------------------------------------------------------------ */

static void *put_them(void *unused) {
    for (size_t i = 0; i < N; i++) {
        mempool_put(objects[i]);
    }
    return unused;
}

/* Whoever puts what a seated thread got makes it free at once, for the next get here. */
static int others_objects_are_free_at_once(void *unused) {
    (void)unused;
    stay_on_one_processor();
    if (!begin("processor")) {
        return 0;
    }
    for (size_t i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
    }
    thread_run(put_them, NULL);
    for (size_t i = 0; i < N; i++) {
        struct mempool_description description = address_description(objects[i]);
        CHECK_EQUAL(description.state, MEMPOOL_STATE_FREE);
    }
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    check_no_misuse();
    uint64_t before = mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT);
    put_them(NULL);
    thread_run(put_them, NULL);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), before + 2 * N);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static record *record_of(void *object) {
    struct descriptor *descriptor;
    record *slot_record;
    CHECK_EQUAL(slot_find(object, &descriptor, &slot_record), SLOT_FOUND);
    return slot_record;
}

/* One that has caches of its own, until the others come; then it is inside a hit for a while. */
static void *get_before_the_others_come(void *unused) {
    for (size_t i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
    }
    sem_post(&arrived);
    sem_wait(&go_on);
    CHECK(!thread_seated);
    thread_shut_door(thread_current);
    sem_post(&arrived);
    sem_wait(&go_on);
    thread_open_door(thread_current);
    return unused;
}

/* Objects of a thread that is not seated (yet), put by those who are, are free once it cannot be
 * about to put them itself. */
static int objects_of_before(void *unused) {
    (void)unused;
    if (!begin(NULL)) {
        return 0;
    }
    CHECK(sem_init(&arrived, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    pthread_t getter = thread_start(get_before_the_others_come, NULL);
    sem_wait(&arrived);
    struct mempool *of_getter = pool;
    pool = pool_of(OBJECT_BYTES);
    CHECK(seated_of(threads_enough() + 1) > 0 && thread_seated);
    pool = of_getter;
    sem_post(&go_on);
    sem_wait(&arrived);
    put_them(NULL);
    for (size_t i = 0; i < N; i++) {
        CHECK(record_is_parked(load_relaxed(record_of(objects[i]))));
        CHECK_EQUAL(address_state(objects[i]), MEMPOOL_STATE_FREE);
    }
    sem_post(&go_on);
    thread_join(getter);
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    check_no_misuse();
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void *_Atomic raced;
static atomic_int round_begun, round_done;
static bool is_block;

static void spin_until(atomic_int *number, int value) {
    for (int i = 0; atomic_load(number) != value; i++) {
        if (i % 1000 == 999) {
            sched_yield();
        }
    }
}

static void put_raced(void) {
    if (is_block) {
        mempool_free(atomic_load(&raced));
    } else {
        mempool_put(atomic_load(&raced));
    }
}

static void *put_in_every_round(void *unused) {
    for (int i = 1; i <= N_RACES; i++) {
        spin_until(&round_begun, i);
        put_raced();
        atomic_store(&round_done, i);
    }
    return unused;
}

/* Of two that put one object at the same moment one succeeds, and the other is told. How long the
 * one needs to see that a round has begun, the other waits, more or less. */
static int two_put_at_once(void *of_heap) {
    if (!begin("processor")) {
        return 0;
    }
    is_block = of_heap != NULL;
    pthread_t other = thread_start(put_in_every_round, NULL);
    for (int i = 1; i <= N_RACES; i++) {
        void *object = is_block ? mempool_malloc(48, "raced") : mempool_get(pool);
        CHECK(object != NULL);
        atomic_store(&raced, object);
        atomic_store(&round_begun, i);
        for (int k = i % 128; k > 0; k--) {
            __asm__ volatile("" ::: "memory");
        }
        put_raced();
        spin_until(&round_done, i);
    }
    thread_join(other);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), N_RACES);
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    CHECK_EQUAL(component_stats(mempool_component_process()).live_blocks, 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static void puts_of_others(void **state) {
    (void)state;
    assert_int_equal(child_status(others_objects_are_free_at_once, NULL), 0);
    assert_int_equal(child_status(objects_of_before, NULL), 0);
    assert_int_equal(child_status(two_put_at_once, NULL), 0);
    assert_int_equal(child_status(two_put_at_once, "heap"), 0);
}

/* ---- forks ----------------------------------------------------------------------------------- */

static void *hold_the_seat(void *unused) {
    struct thread *seat = NULL;
    use_a_little();
    while ((seat = seat_take()) == NULL) {
        sched_yield();
    }
    thread_slow_down(seat);
    sem_post(&arrived);
    sem_wait(&go_on);
    thread_leave_slow(seat);
    return unused;
}

static int use_alone(void *unused) {
    struct thread *seat = seat_take();
    CHECK(seat != NULL); /* whom the fork lost had it */
    seat_leave(seat);
    use_beside(unused);
    CHECK_EQUAL(pool_stats(pool).hot, 0);
    CHECK_EQUAL(pool_stats(pool).alloc_count, pool_stats(pool).put_count);
    check_no_misuse();
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}

static int fork_beside_the_holder(void *unused) {
    stay_on_one_processor();
    if (!begin("processor")) {
        return 0;
    }
    CHECK(sem_init(&arrived, 0, 0) == 0 && sem_init(&go_on, 0, 0) == 0);
    use_beside(unused);
    pthread_t holder = thread_start(hold_the_seat, NULL);
    sem_wait(&arrived);
    CHECK(seat_take() == NULL);
    CHECK_EQUAL(child_status(use_alone, NULL), 0);
    sem_post(&go_on);
    thread_join(holder);
    use_beside(unused);
    check_no_misuse();
    return 0;
}

static void forks(void **state) {
    (void)state;
    assert_int_equal(child_status(fork_beside_the_holder, NULL), 0);
}

/* ---- a handler that seats its thread, at every instruction ----------------------------------- */

#if defined(__x86_64__) /* others have no seats */

enum { TRAP_FLAG = 0x100, STEPS_MAX = 10000 };

static __thread long steps_left; /* until the handler does its work; 0: it has done it */
static bool is_put;              /* the call that is interrupted, and */
static bool is_slow;             /* whether it is a hit */

static void sit_down_at_last(int number, siginfo_t *information, void *context) {
    ucontext_t *interrupted = context;
    (void)number;
    (void)information;
    if (steps_left > 0 && --steps_left == 0) {
        interrupted->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
        store_relaxed(&seats_wanted, 1); /* others have come */
        CHECK(!thread_seated);
        mempool_put(mempool_get(objects[0]));
    }
}

static void trap_each_instruction(bool on) {
    uintptr_t flag = on ? TRAP_FLAG : 0;
    __asm__ volatile("pushfq\n\t"
                     "andq $~0x100, (%%rsp)\n\t"
                     "orq %0, (%%rsp)\n\t"
                     "popfq"
                     :
                     : "r"(flag)
                     : "memory", "cc");
}

static void *be_seated_inside(void *steps) {
    void *object = mempool_get(pool);
    if (!is_put) {
        mempool_put(object);
    }
    if (is_slow) {
        mempool_thread_flush();
    }
    steps_left = *(const long *)steps;
    trap_each_instruction(true);
    if (is_put) {
        mempool_put(object);
    } else {
        object = mempool_get(pool);
    }
    trap_each_instruction(false);
    *(long *)steps = steps_left;
    if (!is_put) {
        mempool_put(object);
    }
    CHECK(!thread_seated || load_relaxed(&thread_current->open) == 0);
    for (size_t i = 0; thread_seated && i < N; i++) { /* all of it on the seat */
        mempool_put(mempool_get(pool));
        CHECK_EQUAL(load_relaxed(&thread_current->open), 0);
        CHECK_EQUAL(load_relaxed(&thread_inside), THREAD_OUTSIDE);
    }
    return NULL;
}

static uint64_t stopped_clock_ms(void) {
    return 1000000;
}

static int seated_anywhere(void *unused) {
    struct sigaction action = {.sa_sigaction = sit_down_at_last, .sa_flags = SA_SIGINFO};
    (void)unused;
    sys_operations.clock_ms = stopped_clock_ms; /* nothing that blocks signals is due */
    if (!begin(NULL)) {
        return 0;
    }
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    objects[0] = pool_of(OBJECT_BYTES);
    for (int way = 0; way < 4; way++) {
        long left = 0;
        is_put = way % 2 != 0;
        is_slow = way / 2 != 0;
        for (long steps = 1; left == 0; steps += test_runtime_is_plain() ? 1 : 7) {
            CHECK(steps < STEPS_MAX);
            left = steps;
            store_relaxed(&seats_wanted, 0);
            thread_run(be_seated_inside, &left);
            CHECK_EQUAL(pool_stats(pool).hot, 0);
        }
    }
    check_no_misuse();
    return 0;
}

#else

static int seated_anywhere(void *unused) {
    (void)unused;
    return 0;
}

#endif

static void seated_by_a_handler(void **state) {
    (void)state;
    assert_int_equal(child_status(seated_anywhere, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when),           cmocka_unit_test(taken), cmocka_unit_test(handlers),
        cmocka_unit_test(puts_of_others), cmocka_unit_test(forks),
        cmocka_unit_test(seated_by_a_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
