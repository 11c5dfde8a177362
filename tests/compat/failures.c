/* SPDX-License-Identifier: MIT */
/* No memory from malloc, where the classic crashes; memory that does not go back; a fork while a
 * lock is held. */
#include "compat/translator.h" /* before the public header and its lists */

#include "compat.h"

#include "sys/sys.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *(*heap_allocate)(size_t bytes, size_t align);
static void *fail_to_allocate(size_t bytes, size_t align) {
    (void)bytes;
    (void)align;
    return NULL;
}

static void a_miss_without_memory_is_null(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new_fn(72, 1, "thing");
    void *object = mem_get(pool), *none;
    heap_allocate = sys_operations.heap_allocate;
    sys_operations.heap_allocate = fail_to_allocate;
    assert_refused(none = mem_get(pool), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (72)");
    assert_refused(none = mem_get0(pool), ENOMEM);
    assert_logged(GF_LOG_ALERT, "", "no memory available for size (72)");
    sys_operations.heap_allocate = heap_allocate;
    mempool_gf_pool_refresh(pool);
    assert_int_equal(pool->hot_count, 1);
    assert_int_equal(pool->pool_misses, 2);
    assert_int_equal(pool->curr_stdalloc, 0); /* the classic counts up, and never down again */
    mem_put(object);
    mem_pool_destroy(pool);
}

/* Of the pool's struct, its name and its slots one after the other, until there is enough. */
static unsigned commits_left;
static int (*commit)(void *start, size_t bytes);
static int commit_some(void *start, size_t bytes) {
    return commits_left-- > 0 ? commit(start, bytes) : (commits_left = 0, -ENOMEM);
}

static void a_pool_without_memory_is_null(void **state) {
    (void)state;
    struct mem_pool *pool = NULL;
    unsigned tries = 0;
    commit = sys_operations.commit;
    sys_operations.commit = commit_some;
    for (unsigned n = 0; pool == NULL && n < 1000; n++, tries++) {
        commits_left = n;
        errno = 0;
        log_seen.n = 0;
        pool = mem_pool_new_fn(5000, 500, "large");
        if (pool == NULL) {
            assert_int_equal(errno, ENOMEM);
            assert_int_equal(log_seen.n, 1);
            assert_int_equal(log_seen.kept[0].level, GF_LOG_ALERT);
        }
    }
    sys_operations.commit = commit;
    assert_non_null(pool);
    assert_true(tries > 1);
    mem_pool_destroy(pool);
}

static int fail_to_purge(void *start, size_t bytes) {
    return start != NULL && bytes > 0 ? -ENOMEM : 0;
}

enum { ZERO_OBJECTS = 400, ZERO_BYTES = 80 };

static void *used[ZERO_OBJECTS]; /* slots of the pool that had a first use */
static int n_used;

static bool was_used(const void *object) {
    int i = 0;
    while (i < n_used && used[i] != object) {
        i++;
    }
    return i < n_used;
}

/* Get some, which must be zero where it is their first use; leave them full. */
static void use_objects(struct mem_pool *pool, int n) {
    static const char zeros[ZERO_BYTES];
    void *objects[ZERO_OBJECTS];
    for (int i = 0; i < n; i++) {
        objects[i] = mem_get(pool);
        if (!was_used(objects[i])) {
            CHECK(memcmp(objects[i], zeros, ZERO_BYTES) == 0);
            used[n_used++] = objects[i];
        }
        memset(objects[i], 0xa5, ZERO_BYTES);
    }
    put_all(objects, (size_t)n);
}

static void *use_others(void *arg) {
    use_objects(arg, ZERO_OBJECTS / 4);
    return NULL;
}

/* Where the system does not take pages back, a new pool's slots are full of what was there before;
 * their first use is zero all the same. The first thread's cache holds slots that it has not used,
 * and after the second one's peak it takes them without a look at the pool. */
static void first_use_of_old_memory_is_zero(void **state) {
    (void)state;
    int (*purge)(void *start, size_t bytes) = sys_operations.purge;
    sys_operations.purge = fail_to_purge;
    for (int round = 0; round < 5; round++) {
        pthread_t thread;
        struct mem_pool *pool = mem_pool_new_fn(ZERO_BYTES, ZERO_OBJECTS, "thing");
        n_used = 0;
        use_objects(pool, 1);
        assert_int_equal(pthread_create(&thread, NULL, use_others, pool), 0);
        pthread_join(thread, NULL);
        use_objects(pool, 30);
        use_objects(pool, ZERO_OBJECTS);
        mem_pool_destroy(pool);
    }
    sys_operations.purge = purge;
}

static _Atomic int lock_stage; /* 0 not taken, 1 held, 2 dropped */
static void *hold_lock(void *arg) {
    struct sys_signals before;
    compat_lock_take(&before);
    store_relaxed(&lock_stage, 1);
    usleep(50000);
    store_relaxed(&lock_stage, 2);
    compat_lock_drop(&before);
    return arg;
}

static void a_fork_waits_for_the_lock(void **state) {
    (void)state;
    pthread_t thread;
    int status;
    struct mem_pool *pool = mem_pool_new_fn(72, 1, "before the fork");
    assert_int_equal(pthread_create(&thread, NULL, hold_lock, NULL), 0);
    pthread_detach(thread);
    while (load_relaxed(&lock_stage) == 0) {
        usleep(100);
    }
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        mempool_gf_pool_refresh(NULL); /* takes it */
        _exit(load_relaxed(&lock_stage) != 2);
    }
    assert_int_equal(load_relaxed(&lock_stage), 2);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    mem_pool_destroy(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(a_pool_without_memory_is_null), /* first, so that nothing is there yet */
        log_test(a_miss_without_memory_is_null),
        log_test(first_use_of_old_memory_is_zero),
        log_test(a_fork_waits_for_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
