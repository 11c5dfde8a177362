/* SPDX-License-Identifier: MIT */
/* Ten thousand pools in one process, and what they cost. */
#include "check.h"
#include "pools.h"
#include "resident.h"
#include "scale.h"
#include "stamp.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <stdlib.h>

enum { IDLE_POOL_BYTES_MAX = 1 << 10, USED_POOL_BYTES_MAX = 16 << 10 };

static size_t n_pools;
static struct mempool **pools;
static void **objects;

static size_t size_of(size_t nth) {
    return 16 + nth % 128;
}

static int expect_next(struct mempool *pool, void *n_left) {
    size_t *left = n_left;
    CHECK(*left > 0 && pool == pools[--*left]);
    return 0;
}

static void create_all(void) {
    for (size_t i = 0; i < n_pools; i++) {
        pools[i] = pool_of(size_of(i));
    }
    size_t n_left = n_pools;
    CHECK_EQUAL(mempool_list(expect_next, &n_left), n_pools);
}

static void use_all(void) {
    for (size_t i = 0; i < n_pools; i++) {
        objects[i] = mempool_get(pools[i]);
        CHECK(objects[i] != NULL);
        stamp_set(objects[i], i);
    }
    for (size_t i = 0; i < n_pools; i++) {
        CHECK(mempool_of(objects[i]) == pools[i]);
        struct mempool_stats stats = pool_stats(pools[i]);
        CHECK_EQUAL(stats.hot, 1);
        CHECK_EQUAL(stats.object_bytes, size_of(i));
    }
}

static void *put_all(void *unused) {
    for (size_t i = 0; i < n_pools; i++) {
        CHECK_EQUAL(stamp_take(objects[i]), i);
        mempool_put(objects[i]);
    }
    return unused;
}

static size_t growth(size_t *before) {
    size_t now = resident_bytes(), grown = now > *before ? now - *before : 0;
    *before = now;
    return grown;
}

int main(void) {
    n_pools = test_scaled(10000);
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    pools = calloc(n_pools, sizeof *pools);
    objects = calloc(n_pools, sizeof *objects);
    CHECK(pools != NULL && objects != NULL);
    for (size_t i = 0; i < n_pools; i++) { /* resident before anything is measured */
        pools[i] = NULL;
        objects[i] = &pools[i];
    }
    struct mempool *first = pool_of(64);
    mempool_put(mempool_get(first));
    CHECK_EQUAL(mempool_destroy(first), 0);
    size_t before = resident_bytes();
    create_all();
    size_t idle_bytes = growth(&before);
    use_all();
    size_t used_bytes = growth(&before) + idle_bytes;
    printf("%zu pools: %zu bytes each when idle, %zu with one live object\n", n_pools,
           idle_bytes / n_pools, used_bytes / n_pools);
    if (test_runtime_is_plain()) {
        CHECK(idle_bytes <= n_pools * IDLE_POOL_BYTES_MAX);
        CHECK(used_bytes <= n_pools * USED_POOL_BYTES_MAX);
    }
    thread_run(put_all, NULL); /* one thread with a cache of each */
    use_all();
    put_all(NULL);
    mempool_thread_flush();
    mempool_trim(NULL);
    for (size_t i = 0; i < n_pools; i++) {
        CHECK_EQUAL(pool_stats(pools[i]).slabs, 0);
        CHECK_EQUAL(mempool_destroy(pools[i]), 0);
    }
    free(pools);
    free(objects);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
