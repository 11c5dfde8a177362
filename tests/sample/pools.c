/* SPDX-License-Identifier: MIT */
/* Sampled objects of pools: in every way to get and put them, and as others see them. */
#include "unit.h"

#include "child.h"
#include "samples.h"
#include "threads.h"

#include "cache/thread.h"
#include "pool/pool.h"

#include <mempool/observe.h>

#include <unistd.h>

enum { OBJECT_BYTES = 64, N = 500, ERRNO_BEFORE = 4711 };

static void *objects[N];

/* A mean of one byte: each get is a sample. */
static struct mempool *begin(const struct mempool_options *options) {
    mempool_misuse_sink_set(-1);
    CHECK_EQUAL(mempool_misuse_configure("all=report"), 0);
    CHECK_EQUAL(mempool_sample_stacks(1), 0);
    return pool_of_options(options);
}

static void check_end(struct mempool *pool) {
    samples_check_none();
    CHECK_EQUAL(pool_live(pool), 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

static void get_n(struct mempool *pool) {
    for (size_t i = 0; i < N; i++) {
        errno = ERRNO_BEFORE;
        objects[i] = i % 2 == 0 ? mempool_get(pool) : mempool_get0(pool);
        CHECK(objects[i] != NULL && errno == ERRNO_BEFORE);
        memset(objects[i], 0x5a, OBJECT_BYTES);
    }
}

static void put_n(void) {
    for (size_t i = 0; i < N; i++) {
        errno = ERRNO_BEFORE;
        mempool_put(objects[i]);
        CHECK(errno == ERRNO_BEFORE);
    }
}

static void *put_n_there(void *unused) {
    (void)unused;
    put_n();
    return NULL;
}

static int every_object_is_there(void *argument) {
    struct mempool *pool = begin(argument);
    get_n(pool);
    CHECK_EQUAL(samples_live(), N);
    samples_check();
    struct samples sums = samples_of(&pool->depot, 0);
    CHECK_EQUAL(sums.samples, N);
    /* two places above get; each has one stack. Points closer than an object: no estimate but N. */
    CHECK_EQUAL(sums.stacks, 2);
    CHECK(fabs(sums.count - N) < 0.01 * N);
    CHECK(fabs(sums.bytes - N * OBJECT_BYTES) < 0.01 * N * OBJECT_BYTES);
    CHECK_EQUAL(pool_stats(pool).hot, N);
    CHECK_EQUAL(pool_stats(pool).alloc_count, N);
    for (size_t i = 0; i < N; i++) {
        struct mempool_description description = address_description(objects[i]);
        CHECK(is_sample(objects[i]));
        CHECK(description.state == MEMPOOL_STATE_LIVE && description.pool == pool);
        CHECK_EQUAL(description.thread, gettid());
        CHECK(description.thread_exited == 0 && description.age_seconds >= 0);
        CHECK(description.site != 0);
    }
    put_n();
    check_end(pool);
    return 0;
}

/* The innermost frame is the site that the record has; outer ones are there, too. */
static int frames_begin_at_the_site(void *argument) {
    struct mempool *pool = begin(argument);
    objects[0] = mempool_get(pool);
    struct samples sums = samples_of(&pool->depot, 0);
    CHECK_EQUAL(sums.stacks, 1);
    const uintptr_t *frames = load_relaxed(&sums.last->frames);
    CHECK_EQUAL((uint32_t)frames[0], record_site(load_relaxed(sample_record(objects[0]))));
    CHECK(frames[0] > (uintptr_t)frames_begin_at_the_site &&
          frames[0] < (uintptr_t)frames_begin_at_the_site + 4096);
    CHECK(load_relaxed(&sums.last->n_frames) > 2 || !test_runtime_is_plain());
    mempool_put(objects[0]);
    check_end(pool);
    return 0;
}

__attribute__((noinline)) static void *get_deep(struct mempool *pool, int depth) {
    void *object = depth > 0 ? get_deep(pool, depth - 1) : mempool_get(pool);
    __asm__ volatile("" ::: "memory"); /* no jump */
    return object;
}

static int deep_stacks_are_cut(void *argument) {
    struct mempool *pool = begin(argument);
    objects[0] = get_deep(pool, 3 * SAMPLE_FRAMES);
    CHECK_EQUAL(load_relaxed(&samples_of(&pool->depot, 0).last->n_frames), SAMPLE_FRAMES);
    objects[1] = get_deep(pool, 1);
    CHECK_EQUAL(samples_of(&pool->depot, 0).stacks, 2);
    mempool_put(objects[1]);
    mempool_put(objects[0]);
    check_end(pool);
    return 0;
}

static int others_put(void *argument) {
    struct mempool *pool = begin(argument);
    for (int round = 0; round < 3; round++) {
        get_n(pool);
        thread_run(put_n_there, NULL);
        CHECK_EQUAL(samples_live(), 0);
        CHECK_EQUAL(pool_live(pool), 0);
    }
    check_end(pool);
    return 0;
}

static void *get_n_there(void *pool) {
    get_n(pool);
    return NULL;
}

static int the_getter_has_ended(void *argument) {
    struct mempool *pool = begin(argument);
    thread_run(get_n_there, pool);
    CHECK(address_description(objects[0]).thread_exited == 1);
    put_n();
    check_end(pool);
    return 0;
}

static int in_bulk(void *argument) {
    struct mempool *pool = begin(argument);
    CHECK_EQUAL(mempool_get_bulk(pool, objects, N), N);
    CHECK_EQUAL(samples_live(), N);
    mempool_put_bulk(objects, N / 2);
    CHECK_EQUAL(samples_live(), N - N / 2);
    mempool_put_bulk(objects + N / 2, N - N / 2);
    check_end(pool);
    return 0;
}

static int put_twice_is_told(void *argument) {
    struct mempool *pool = begin(argument);
    get_n(pool);
    mempool_put(objects[7]);
    mempool_put(objects[7]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), 1);
    mempool_free(objects[8]);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_WRONG_CALL), 1);
    CHECK(is_sample(objects[8]));
    mempool_put((char *)objects[9] + 16);
    CHECK(is_sample(objects[9]));
    CHECK_EQUAL(samples_live(), N - 1);
    return 0;
}

/* A destroyed pool's samples are there until they are put. */
static int zombies_keep_theirs(void *argument) {
    struct mempool *pool = begin(argument);
    get_n(pool);
    CHECK(mempool_destroy(pool) != 0);
    CHECK_EQUAL(samples_of(&pool->depot, 0).samples, N);
    CHECK(address_description(objects[1]).pool_destroyed);
    put_n();
    samples_check_none();
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_OBJECT), 0);
    return 0;
}

static void *hold_and_wait(void *barrier) {
    get_n(pool_of(OBJECT_BYTES));
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    return NULL;
}

static int put_in_a_child(void *unused) {
    (void)unused;
    CHECK_EQUAL(samples_live(), N);
    CHECK(address_description(objects[0]).thread_exited == 1);
    put_n();
    samples_check_none();
    struct mempool *pool = pool_of(OBJECT_BYTES);
    get_n(pool);
    CHECK_EQUAL(samples_live(), N);
    put_n();
    check_end(pool);
    return 0;
}

static int a_child_has_its_own(void *argument) {
    pthread_barrier_t barrier;
    (void)begin(argument);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t holder = thread_start(hold_and_wait, &barrier);
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(child_status(put_in_a_child, NULL), 0);
    CHECK_EQUAL(samples_live(), N);
    pthread_barrier_wait(&barrier);
    thread_join(holder);
    put_n();
    samples_check_none();
    return 0;
}

/* As a handler sees it that interrupted a get at this very moment. */
static int in_a_handler(void *argument) {
    struct mempool *pool = begin(argument);
    get_n(pool);
    struct thread *thread = thread_current;
    thread_shut_door(thread);
    void *object = mempool_get(pool);
    CHECK(object == NULL || !is_sample(object)); /* none is past a cache of a limited pool */
    mempool_put(objects[0]);
    CHECK_EQUAL(samples_live(), N - 1);
    CHECK(address_state(objects[0]) == MEMPOOL_STATE_FREE);
    /* the interrupted call has the lock */
    sys_lock_take(&sample_lock);
    mempool_put(objects[1]);
    CHECK(address_state(objects[1]) == MEMPOOL_STATE_LIVE);
    CHECK_EQUAL(address_description(objects[2]).thread, gettid());
    sys_lock_drop(&sample_lock);
    thread_open_door(thread);
    mempool_thread_flush();
    CHECK_EQUAL(samples_live(), N - 2);
    mempool_put(object);
    objects[0] = objects[1] = NULL;
    put_n();
    check_end(pool);
    return 0;
}

static int on_and_off(void *argument) {
    struct mempool *pool = begin(argument);
    get_n(pool);
    CHECK_EQUAL(mempool_sample_stacks(0), 0);
    for (size_t i = 0; i < N; i++) {
        mempool_put(objects[i]);
        objects[i] = mempool_get(pool);
    }
    CHECK_EQUAL(samples_live(), 0);
    CHECK_EQUAL(mempool_sample_stacks(1), 0);
    put_n();
    get_n(pool); /* some are hits before the next tick */
    CHECK(samples_live() > 0 && samples_live() <= N);
    CHECK_EQUAL(mempool_sample_stacks(0), 0);
    samples_check();
    put_n();
    check_end(pool);
    return 0;
}

/* More than have room are counted, and nothing else. */
static int too_many_are_dropped(void *argument) {
    enum { N_MANY = SAMPLE_PLACES + 1000 };
    struct mempool *pool = begin(argument);
    void **many = malloc(N_MANY * sizeof many[0]);
    CHECK(many != NULL);
    for (size_t i = 0; i < N_MANY; i++) {
        many[i] = mempool_get(pool);
        CHECK(many[i] != NULL);
    }
    CHECK_EQUAL(samples_live(), SAMPLE_PLACES - 1);
    CHECK_EQUAL(load_relaxed(&samples_table()->dropped), N_MANY - (SAMPLE_PLACES - 1));
    samples_check();
    for (size_t i = 0; i < N_MANY; i++) {
        mempool_put(many[i]);
    }
    free(many);
    check_end(pool);
    return 0;
}

static int refuse(void *unused) {
    (void)unused;
    return -1;
}

static int fail_to_construct(void *object, void *arg) {
    errno = EXDEV;
    return refuse(arg) + (object == NULL);
}

static int refused_gets_are_none(void *unused) {
    (void)unused;
    struct mempool *pool = begin(&POOL_OPTIONS(.object_bytes = OBJECT_BYTES,
                                               .construct = fail_to_construct));
    for (size_t i = 0; i < N; i++) {
        CHECK(mempool_get(pool) == NULL && errno == EXDEV);
    }
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    samples_check_none();
    CHECK_EQUAL(mempool_sample_stacks((size_t)SAMPLE_MEAN_MAX + 1), -EINVAL);
    return 0;
}

static int (*const runs[])(void *) = {
    every_object_is_there, frames_begin_at_the_site, deep_stacks_are_cut, others_put,
    the_getter_has_ended,  in_bulk,                  put_twice_is_told,   zombies_keep_theirs,
    a_child_has_its_own,   in_a_handler,             on_and_off,          refused_gets_are_none,
};

static void run_all(struct mempool_options options) {
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        print_message("part %zu\n", i);
        assert_int_equal(child_status(runs[i], &options), 0);
    }
}

static void of_a_growing_pool(void **state) {
    (void)state;
    run_all(POOL_OPTIONS(.object_bytes = OBJECT_BYTES));
}

static void of_an_uncached_pool(void **state) {
    (void)state;
    run_all(POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .flags = MEMPOOL_UNCACHED));
}

static void of_a_pool_that_is_tight_at_times(void **state) {
    (void)state;
    run_all(POOL_OPTIONS(.object_bytes = OBJECT_BYTES, .limit = N + 1));
}

static void of_a_full_table(void **state) {
    (void)state;
    assert_int_equal(child_status(too_many_are_dropped,
                                  &POOL_OPTIONS(.object_bytes = OBJECT_BYTES)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_growing_pool),
        cmocka_unit_test(of_an_uncached_pool),
        cmocka_unit_test(of_a_pool_that_is_tight_at_times),
        cmocka_unit_test(of_a_full_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
