/* SPDX-License-Identifier: MIT */
/* The classic pool: order, counters, fallback, what it refuses. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/classic.h"
#include "scale.h"

static struct classic_stats stats_of(struct classic_pool *pool) {
    struct classic_stats stats;
    classic_stats_read(pool, &stats);
    return stats;
}

static void test_order(void **state) {
    (void)state;
    struct classic_pool *pool = classic_pool_create(80, 3);
    assert_non_null(pool);
    char *first = classic_get(pool);
    char *second = classic_get(pool);
    char *third = classic_get(pool);
    /* Ascending at first, header and object each a multiple of 16. */
    assert_ptr_equal(second, first + 112);
    assert_ptr_equal(third, second + 112);
    assert_int_equal((uintptr_t)first % 16, 0);
    classic_put(first);
    classic_put(third);
    /* Then last in, first out. */
    assert_ptr_equal(classic_get(pool), third);
    assert_ptr_equal(classic_get(pool), first);
    classic_pool_destroy(pool);
}

static void test_contents(void **state) {
    (void)state;
    struct classic_pool *pool = classic_pool_create(20, 1);
    unsigned char *object = classic_get0(pool);
    memset(object, 0xa5, 20);
    classic_put(object);
    object = classic_get(pool); /* not cleared */
    assert_int_equal(object[0], 0xa5);
    assert_int_equal(object[19], 0xa5);
    classic_put(object);
    object = classic_get0(pool);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(object[i], 0);
    }
    classic_pool_destroy(pool);
}

static void test_counters_and_fallback(void **state) {
    (void)state;
    struct classic_pool *pool = classic_pool_create(100, 2);
    void *objects[4];
    for (int i = 0; i < 4; i++) {
        objects[i] = classic_get(pool);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
    }
    struct classic_stats stats = stats_of(pool);
    assert_int_equal(stats.padded_bytes, 32 + 112);
    assert_int_equal(stats.hot, 2);
    assert_int_equal(stats.cold, 0);
    assert_int_equal(stats.alloc_count, 4);
    assert_int_equal(stats.pool_misses, 2);
    assert_int_equal(stats.max_alloc, 2);
    assert_int_equal(stats.curr_stdalloc, 2);
    assert_int_equal(stats.max_stdalloc, 2);
    for (int i = 0; i < 4; i++) {
        classic_put(objects[i]);
    }
    void *again = classic_get(pool);
    stats = stats_of(pool);
    assert_int_equal(stats.hot, 1);
    assert_int_equal(stats.cold, 1);
    assert_int_equal(stats.alloc_count, 5);
    assert_int_equal(stats.pool_misses, 2);
    assert_int_equal(stats.max_alloc, 2);
    assert_int_equal(stats.curr_stdalloc, 0);
    assert_int_equal(stats.max_stdalloc, 2);
    assert_int_equal(stats.refused_puts, 0);
    classic_put(again);
    classic_pool_destroy(pool);
}

static void test_no_slab(void **state) {
    (void)state;
    struct classic_pool *pool = classic_pool_create(1, 0);
    void *object = classic_get(pool);
    assert_non_null(object);
    assert_int_equal(stats_of(pool).curr_stdalloc, 1);
    classic_put(object);
    assert_int_equal(stats_of(pool).curr_stdalloc, 0);
    classic_pool_destroy(pool);
}

static void test_refusals(void **state) {
    (void)state;
    struct classic_pool *pool = classic_pool_create(64, 2);
    void *object = classic_get(pool);
    classic_put(NULL);
    classic_put(object);
    classic_put(object);
    assert_int_equal(stats_of(pool).refused_puts, 1);
    assert_int_equal(stats_of(pool).hot, 0);
    assert_int_equal(stats_of(pool).cold, 2);
    classic_pool_destroy(pool);
    classic_pool_destroy(NULL);
    errno = 0;
    assert_null(classic_pool_create(0, 1));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(classic_pool_create(SIZE_MAX, 1));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(classic_pool_create(SIZE_MAX / 4, 16));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(classic_pool_create(1 << 20, (size_t)1 << 40));
    assert_int_equal(errno, ENOMEM);
}

/* A pointer that a header further in makes look like a slab object, but at a wrong place. */
static void test_misaligned_aborts(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL); /* whatever the test framework or a sanitizer does with it */
        struct classic_pool *pool = classic_pool_create(96, 1);
        char *object = classic_get(pool);
        memcpy(object, object - 32, 32); /* a copy of its header inside the object */
        classic_put(object + 32);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

enum { THREADS = 4, HELD = 8 };

static size_t n_turns;
static pthread_barrier_t all_there;

static void *get_and_put(void *arg) {
    struct classic_pool *pool = arg;
    uintptr_t me = (uintptr_t)&me;
    pthread_barrier_wait(&all_there);
    for (size_t turn = 0; turn < n_turns; turn++) {
        uintptr_t *objects[HELD];
        for (int i = 0; i < HELD; i++) {
            objects[i] = classic_get(pool);
            *objects[i] = me + (uintptr_t)i;
        }
        for (int i = 0; i < HELD; i++) {
            if (*objects[i] != me + (uintptr_t)i) {
                return (void *)1; /* somebody else has it too */
            }
            classic_put(objects[i]);
        }
    }
    return NULL;
}

static void test_threads(void **state) {
    (void)state;
    /* Too few for all, so that slab and fallback mix. */
    struct classic_pool *pool = classic_pool_create(sizeof(uintptr_t), THREADS * HELD / 2);
    pthread_t threads[THREADS];
    n_turns = test_scaled(50000);
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, get_and_put, pool), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *overlap;
        assert_int_equal(pthread_join(threads[i], &overlap), 0);
        assert_null(overlap);
    }
    pthread_barrier_destroy(&all_there);
    struct classic_stats stats = stats_of(pool);
    assert_int_equal(stats.alloc_count, THREADS * n_turns * HELD);
    assert_int_equal(stats.hot, 0);
    assert_int_equal(stats.cold, THREADS * HELD / 2);
    assert_int_equal(stats.curr_stdalloc, 0);
    assert_int_equal(stats.refused_puts, 0);
    classic_pool_destroy(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_counters_and_fallback),
        cmocka_unit_test(test_no_slab),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_misaligned_aborts),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
