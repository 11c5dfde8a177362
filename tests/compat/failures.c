/* SPDX-License-Identifier: MIT */
/* No memory from malloc: the classic crashes there. */
#include "compat.h"

#include "sys/sys.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(a_pool_without_memory_is_null), /* first, so that nothing is there yet */
        log_test(a_miss_without_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
