/* SPDX-License-Identifier: MIT */
/* mempool_leak_report, mempool_mark, mempool_snapshot: what is live, who got it, since when.
 *
 * Each test is a process of its own, so that nothing else is live. The functions that get are
 * exported by name, so that reports can tell them. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "report.h"
#include "scale.h"
#include "threads.h"

#include "slab/record.h"

enum { N_OBJECTS = 1000, SECOND = 1000 };

static void *objects[N_OBJECTS];
static _Atomic uint64_t now_ms = 5000;

static uint64_t fake_clock_ms(void) {
    return load_relaxed(&now_ms);
}

/* The sites. What follows the call keeps it from being a jump, which would hide the function. */
void *got_by_few(struct mempool *pool);
void *got_by_many(struct mempool *pool);
void *got_by_heap(size_t bytes);
void *got_by_loser(struct mempool *pool);

__attribute__((noinline)) void *got_by_few(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

__attribute__((noinline)) void *got_by_many(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

__attribute__((noinline)) void *got_by_heap(size_t bytes) {
    void *block = mempool_malloc(bytes, "text");
    CHECK(block != NULL);
    return block;
}

__attribute__((noinline)) void *got_by_loser(struct mempool *pool) {
    void *object = mempool_get(pool);
    CHECK(object != NULL);
    return object;
}

static void get_many(struct mempool *pool, size_t n) {
    for (size_t i = 0; i < n; i++) {
        objects[i] = got_by_many(pool);
    }
}

/* ---- the table ------------------------------------------------------------------------------ */

static int sites_are_ranked(void *unused) {
    (void)unused;
    CHECK(strcmp(leak_report(NULL), "mempool: live: count=0 bytes=0 call-sites=0 shown=0\n") == 0);
    struct mempool *pool = pool_of(64);
    get_many(pool, 100);
    for (int i = 0; i < 10; i++) {
        (void)got_by_few(pool);
        (void)got_by_heap(100);
    }
    const char *text = leak_report(NULL);
    const char head[] = "mempool: live: count=120 bytes=8040 call-sites=3 shown=3\n"
                        "       bytes       count  oldest-s  what";
    CHECK(strncmp(text, head, sizeof head - 1) == 0);
    check_row(text, "  test:thing ", " got_by_many+0x", 100, 6400);
    check_row(text, ":text ", " got_by_heap+0x", 10, 1000);
    check_row(text, "  test:thing ", " got_by_few+0x", 10, 640);
    const char *many = strstr(text, "got_by_many"), *heap = strstr(text, "got_by_heap");
    CHECK(many < heap && heap < strstr(text, "got_by_few"));
    /* ages by type: the two sites of the pool are one line */
    const char *ages = strstr(text, "\nmempool: ages:\n");
    CHECK(ages != NULL);
    const char *things = strstr(ages, "test:thing\n");
    CHECK(things != NULL && strstr(things + 1, "test:thing") == NULL);
    CHECK(strstr(ages, "\n         110          0          0") != NULL);
    text = leak_report(LEAK_OPTIONS(.top = 1, .flags = MEMPOOL_LEAK_NO_AGES));
    CHECK(strstr(text, "call-sites=3 shown=1\n") != NULL);
    CHECK(strstr(text, "got_by_many") != NULL && strstr(text, "got_by_heap") == NULL);
    CHECK(strstr(text, "ages") == NULL);
    put_all(objects, 100);
    text = leak_report(NULL);
    CHECK(strstr(text, "count=20 bytes=1640") != NULL && strstr(text, "got_by_many") == NULL);
    return 0;
}

static void call_sites_are_ranked_by_bytes(void **state) {
    (void)state;
    assert_int_equal(child_status(sites_are_ranked, NULL), 0);
}

/* One of a million gets is not put. */
static int one_is_lost(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of(48);
    size_t n = test_scaled(1000000), lost_at = n / 3;
    for (size_t i = 0; i < n; i++) {
        void *object = i == lost_at ? got_by_loser(pool) : got_by_many(pool);
        if (i != lost_at) {
            mempool_put(object);
        }
    }
    const char *text = leak_report(NULL);
    CHECK(strstr(text, "count=1 bytes=48 call-sites=1 shown=1\n") != NULL);
    check_row(text, "test:thing", " got_by_loser+0x", 1, 48);
    return 0;
}

static void one_in_a_million_is_found(void **state) {
    (void)state;
    assert_int_equal(child_status(one_is_lost, NULL), 0);
}

/* ---- marks and ages ------------------------------------------------------------------------- */

static int marks_divide(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of(64);
    struct mempool *heap_pool = pool_of_options(&NAMED_POOL_OPTIONS(
        "single", .object_bytes = 32, .on_empty = MEMPOOL_HEAP));
    for (int round = 0; round < 50; round++) {
        void *before = got_by_few(pool), *single_before = got_by_few(heap_pool);
        void *block_before = got_by_heap(10);
        mempool_mark_t mark = mempool_mark();
        CHECK(mark != 0);
        const char *text = leak_report(LEAK_OPTIONS(.since = mark));
        CHECK_EQUAL(number_at(text, "count="), 0);
        CHECK_EQUAL(number_at(text, " since-mark="), mark);
        void *after = got_by_loser(pool), *single_after = got_by_loser(heap_pool);
        void *block_after = got_by_heap(11);
        text = leak_report(LEAK_OPTIONS(.since = mark));
        CHECK_EQUAL(number_at(text, "count="), 3);
        check_row(text, "test:thing", " got_by_loser+", 1, 64);
        check_row(text, "test:single", " got_by_loser+", 1, 32);
        check_row(text, ":text", " got_by_heap+", 1, 11);
        CHECK_EQUAL(number_at(leak_report(NULL), "count="), 6);
        void *const all[] = {before, single_before, after, single_after};
        put_all(all, 4);
        mempool_free(block_before);
        mempool_free(block_after);
    }
    return 0;
}

static void marks_divide_within_a_second(void **state) {
    (void)state;
    assert_int_equal(child_status(marks_divide, NULL), 0);
}

/* Where the seconds of records wrap, a mark is not 0 either, and still divides. */
static int marks_wrap(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of(64);
    (void)add_relaxed(&now_ms, ((uint64_t)RECORD_TIME_MASK - 10) * SECOND);
    for (int i = 0; i < 20; i++) {
        void *before = got_by_few(pool);
        mempool_mark_t mark = mempool_mark();
        CHECK(mark != 0 && mark <= RECORD_TIME_MASK);
        void *after = got_by_loser(pool);
        const char *text = leak_report(LEAK_OPTIONS(.since = mark));
        CHECK_EQUAL(report_row(text, "thing", "got_by_loser").count, 1);
        /* of two seconds one is missing in records, once in 12 days: there they are not apart */
        CHECK(number_at(text, "count=") == 1 || mark == 1);
        mempool_put(before);
        mempool_put(after);
    }
    return 0;
}

static void marks_are_never_0(void **state) {
    (void)state;
    assert_int_equal(child_status(marks_wrap, NULL), 0);
}

/* So many gets that one of them looks at the clock. */
static void use_lightly(struct mempool *pool) {
    for (int i = 0; i < 300; i++) {
        mempool_put(got_by_many(pool));
    }
}

static int ages_are_told(void *unused) {
    (void)unused;
    sys_operations.clock_ms = fake_clock_ms;
    struct mempool *pool = pool_of(64);
    static const unsigned waits[] = {90000, 3000, 700, 50, 9, 5};
    for (size_t i = 0; i < 6; i++) {
        (void)got_by_few(pool);
        (void)add_relaxed(&now_ms, waits[i] * (uint64_t)SECOND);
        use_lightly(pool);
    }
    const char *text = leak_report(NULL);
    CHECK_EQUAL(report_row(text, "thing", "got_by_few").oldest, 93764);
    /* 5, 14, 64, 764, 3764 and 93764 s */
    CHECK(strstr(text, "\n           1          1          1          1          1          1  "
                       "test:thing\n") != NULL);
    static const struct {
        uint32_t seconds, count;
    } least[] = {{0, 6}, {5, 6}, {6, 5}, {14, 5}, {15, 4}, {764, 3}, {93764, 1}, {93765, 0}};
    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
        text = leak_report(LEAK_OPTIONS(.min_age_seconds = least[i].seconds));
        CHECK_EQUAL(number_at(text, "count="), least[i].count);
    }
    return 0;
}

static void ages_are_those_of_the_clock(void **state) {
    (void)state;
    assert_int_equal(child_status(ages_are_told, NULL), 0);
}

/* ---- everything that can be live ------------------------------------------------------------ */

static void get_in(const char *component, size_t bytes, bool end) {
    struct mempool_component *module = mempool_component_create(component, NULL);
    CHECK(module != NULL);
    struct mempool_component *before = mempool_component_enter(module);
    (void)got_by_heap(bytes);
    mempool_component_leave(before);
    if (end) {
        CHECK_EQUAL(mempool_component_end(module), 1);
    }
}

static int all_kinds(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of(64);
    struct mempool *uncached = pool_of_options(&NAMED_POOL_OPTIONS(
        "bare", .object_bytes = 100, .flags = MEMPOOL_UNCACHED));
    struct mempool *single = pool_of_options(&NAMED_POOL_OPTIONS(
        "single", .object_bytes = 200, .count = 1, .on_empty = MEMPOOL_HEAP));
    struct mempool *huge = pool_of_options(&NAMED_POOL_OPTIONS("huge", .object_bytes = 3 << 20));
    struct mempool *gone = pool_of_options(&NAMED_POOL_OPTIONS("gone", .object_bytes = 40));
    struct mempool *gone_single = pool_of_options(&NAMED_POOL_OPTIONS(
        "gone-single", .object_bytes = 70, .count = 1, .on_empty = MEMPOOL_HEAP));
    for (int i = 0; i < 3; i++) {
        (void)got_by_few(pool);
        (void)got_by_few(uncached);
        (void)got_by_few(single);
        (void)got_by_few(huge);
        (void)got_by_few(gone);
        (void)got_by_few(gone_single);
    }
    (void)got_by_heap(5 << 20);
    get_in("plug", 1001, true);
    get_in("plug", 1002, false);
    mempool_misuse_sink_set(-1); /* live-at-destroy is meant */
    CHECK_EQUAL(mempool_destroy(gone), 3);
    CHECK_EQUAL(mempool_destroy(gone_single), 3);
    const char *text = leak_report(NULL);
    CHECK_EQUAL(number_at(text, "count="), 3 * 6 + 3);
    check_row(text, " test:thing ", "got_by_few+", 3, 3 * 64);
    check_row(text, " test:bare ", "got_by_few+", 3, 3 * 100);
    check_row(text, " test:single ", "got_by_few+", 3, 3 * 200);
    check_row(text, " test:huge ", "got_by_few+", 3, 9 << 20);
    check_row(text, " test:gone ", "got_by_few+", 3, 3 * 40);
    check_row(text, " test:gone-single ", "got_by_few+", 3, 3 * 70);
    check_row(text, ":text ", "got_by_heap+", 1, 5 << 20);
    check_row(text, " plug (ended):text ", "got_by_heap+", 1, 1001);
    check_row(text, " plug#2:text ", "got_by_heap+", 1, 1002);
    end_leaking();
    return 0;
}

static void all_that_is_live_is_named(void **state) {
    (void)state;
    assert_int_equal(child_status(all_kinds, NULL), 0);
}

/* Many single allocations: a census looks at each once. */
static int many_singles(void *unused) {
    (void)unused;
    struct mempool *pool = pool_of_options(&POOL_OPTIONS(.object_bytes = 16,
                                                         .on_empty = MEMPOOL_HEAP));
    size_t n = test_scaled(100000);
    for (size_t i = 0; i < n; i++) {
        (void)got_by_many(pool);
    }
    check_row(leak_report(NULL), "test:thing", "got_by_many+", n, n * 16);
    end_leaking();
    return 0;
}

static void single_allocations_cost_no_more(void **state) {
    (void)state;
    assert_int_equal(child_status(many_singles, NULL), 0);
}

/* More groups than the census has places for. */
static int too_many_groups(void *unused) {
    (void)unused;
    enum { COMPONENTS = 4, TYPES = 2500, BYTES = 24 };
    for (int i = 0; i < COMPONENTS; i++) {
        char name[32];
        snprintf(name, sizeof name, "module%d", i);
        struct mempool_component *before =
            mempool_component_enter(mempool_component_create(name, NULL));
        for (int type = 0; type < TYPES; type++) {
            snprintf(name, sizeof name, "type%d", type);
            CHECK(mempool_malloc_typed(BYTES, mempool_type(name)) != NULL);
        }
        mempool_component_leave(before);
    }
    const char *text = leak_report(LEAK_OPTIONS(.top = 5));
    uint64_t count = COMPONENTS * TYPES, groups = number_at(text, "call-sites=");
    CHECK_EQUAL(number_at(text, "count="), count);
    CHECK_EQUAL(number_at(text, "bytes="), count * BYTES);
    CHECK(groups > 7000 && groups < count);
    CHECK_EQUAL(number_at(text, "shown="), 5);
    uint64_t sum = 0, lines = 0;
    const char *at = strstr(snapshot(), "build-id\n") + strlen("build-id\n");
    for (; strncmp(at, "end ", 4) != 0; lines++) {
        char *end;
        CHECK(strtoull(at, &end, 10) > 0);
        sum += strtoull(end, &end, 10);
        at = strchr(end, '\n') + 1;
    }
    CHECK_EQUAL(number_at(at, "end "), lines);
    CHECK_EQUAL(lines, groups + 1); /* what has no group of its own is in the last */
    CHECK_EQUAL(sum, count);
    return 0;
}

static void what_has_no_group_is_counted(void **state) {
    (void)state;
    assert_int_equal(child_status(too_many_groups, NULL), 0);
}

/* ---- errors --------------------------------------------------------------------------------- */

static int errors(void *unused) {
    (void)unused;
    struct mempool_leak_options options = {.struct_size = sizeof options};
    int full = open("/dev/full", O_WRONLY), fd = report_open();
    (void)got_by_few(pool_of(64));
    CHECK_EQUAL(mempool_leak_report(-1, NULL), -EBADF);
    CHECK_EQUAL(mempool_snapshot(-1), -EBADF);
    if (full >= 0) {
        CHECK_EQUAL(mempool_leak_report(full, NULL), -ENOSPC);
        CHECK_EQUAL(mempool_snapshot(full), -ENOSPC);
    }
    options.flags = 2;
    CHECK_EQUAL(mempool_leak_report(fd, &options), -EINVAL);
    options.flags = MEMPOOL_LEAK_NO_AGES | 1u << 31;
    CHECK_EQUAL(mempool_leak_report(fd, &options), -EINVAL);
    options.flags = 0;
    options.struct_size--;
    CHECK_EQUAL(mempool_leak_report(fd, &options), -EINVAL);
    options.struct_size = 0;
    CHECK_EQUAL(mempool_leak_report(fd, &options), -EINVAL);
    options.struct_size = sizeof options + 8; /* of a later version */
    errno = 77;
    CHECK_EQUAL(mempool_leak_report(fd, &options), 0);
    CHECK_EQUAL(mempool_leak_report(-1, &options), -EBADF);
    CHECK_EQUAL(errno, 77);
    return 0;
}

static int no_memory(void *unused) {
    (void)unused;
    int fd = report_open();
    faults_arm(FAULT_RESERVE | FAULT_COMMIT, 1, UINT64_MAX);
    CHECK_EQUAL(mempool_leak_report(fd, NULL), -ENOMEM);
    CHECK_EQUAL(mempool_snapshot(fd), -ENOMEM);
    CHECK(mempool_mark() != 0);
    (void)faults_disarm();
    (void)got_by_few(pool_of(64));
    faults_arm(FAULT_RESERVE | FAULT_COMMIT, 1, UINT64_MAX);
    CHECK_EQUAL(mempool_leak_report(fd, NULL), -ENOMEM);
    CHECK_EQUAL(mempool_snapshot(fd), -ENOMEM);
    CHECK(faults_disarm() >= 2);
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    CHECK(strstr(leak_report(NULL), "count=1 bytes=64 ") != NULL);
    return 0;
}

static void errors_are_returned(void **state) {
    (void)state;
    assert_int_equal(child_status(errors, NULL), 0);
    assert_int_equal(child_status(no_memory, NULL), 0);
}

/* ---- while others work ---------------------------------------------------------------------- */

enum { WORKERS = 3, HELD = 50 };

static _Atomic bool stopped;
static struct mempool *shared_pools[2];

static void *work(void *unused) {
    void *held[HELD] = {NULL};
    (void)unused;
    for (unsigned i = 0; !load_relaxed(&stopped); i++) {
        void **at = &held[i % HELD];
        if (i % 3 == 0) {
            mempool_free(got_by_heap(1 + i % 3000));
        }
        mempool_put(*at);
        *at = got_by_many(shared_pools[i % 2]);
        if (i % 50 == 0) {
            struct mempool *passing = pool_of(16 + i % 7 * 100);
            mempool_put(got_by_few(passing));
            CHECK_EQUAL(mempool_destroy(passing), 0);
        }
    }
    mempool_put_bulk(held, HELD);
    return NULL;
}

static int others_work(void *unused) {
    pthread_t threads[WORKERS];
    (void)unused;
    shared_pools[0] = pool_of(64);
    shared_pools[1] = pool_of_options(&NAMED_POOL_OPTIONS("other", .object_bytes = 500));
    for (int i = 0; i < 500; i++) {
        (void)got_by_loser(shared_pools[i % 2]);
    }
    for (int i = 0; i < WORKERS; i++) {
        threads[i] = thread_start(work, NULL);
    }
    size_t n_reports = test_scaled(test_runtime_is_plain() ? 300 : 60);
    for (size_t i = 0; i < n_reports; i++) {
        const char *text = leak_report(NULL);
        check_row(text, "test:thing", "got_by_loser+", 250, 16000);
        check_row(text, "test:other", "got_by_loser+", 250, 125000);
        if (i % 16 == 0) { /* the system takes its time for one */
            struct mempool_ledger ledger = {.struct_size = sizeof ledger};
            CHECK(mempool_ledger(&ledger) == 0 && ledger.live >= 141000);
        }
        CHECK(report_row(snapshot(), "test:thing", "got_by_loser+").count == 250);
        mempool_mark_t mark = mempool_mark();
        void *object = got_by_few(shared_pools[0]);
        text = leak_report(LEAK_OPTIONS(.since = mark, .top = 100));
        CHECK_EQUAL(report_row(text, "test:thing", "got_by_few+").count, 1);
        CHECK_EQUAL(report_row(text, "test:", "got_by_loser+").count, 0);
        mempool_put(object);
    }
    store_relaxed(&stopped, true);
    for (int i = 0; i < WORKERS; i++) {
        thread_join(threads[i]);
    }
    CHECK(strstr(leak_report(NULL), "count=500 bytes=141000 call-sites=2 ") != NULL);
    return 0;
}

static void nobody_is_stopped(void **state) {
    (void)state;
    assert_int_equal(child_status(others_work, NULL), 0);
}

/* A handler that gets while the census holds a lock would wait for its own thread. */
static int (*real_purge)(void *start, size_t bytes);
static struct mempool *handlers_pool;
static _Atomic int n_handled;

static void handle(int signal_number) {
    (void)signal_number;
    (void)add_relaxed(&n_handled, mempool_get(handlers_pool) != NULL);
}

static int purge_with_signal(void *start, size_t bytes) {
    raise(SIGUSR1);
    return real_purge(start, bytes);
}

static int signals_wait(void *unused) {
    (void)unused;
    watchdog_set(60);
    handlers_pool = pool_of(1 << 20); /* each get needs a slab */
    signal(SIGUSR1, handle);
    real_purge = sys_operations.purge;
    sys_operations.purge = purge_with_signal;
    (void)leak_report(NULL);
    (void)snapshot();
    sys_operations.purge = real_purge;
    CHECK(load_relaxed(&n_handled) >= 2);
    return 0;
}

static void handlers_do_not_hang(void **state) {
    (void)state;
    assert_int_equal(child_status(signals_wait, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_sites_are_ranked_by_bytes),
        cmocka_unit_test(one_in_a_million_is_found),
        cmocka_unit_test(marks_divide_within_a_second),
        cmocka_unit_test(marks_are_never_0),
        cmocka_unit_test(ages_are_those_of_the_clock),
        cmocka_unit_test(all_that_is_live_is_named),
        cmocka_unit_test(single_allocations_cost_no_more),
        cmocka_unit_test(what_has_no_group_is_counted),
        cmocka_unit_test(errors_are_returned),
        cmocka_unit_test(nobody_is_stopped),
        cmocka_unit_test(handlers_do_not_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
