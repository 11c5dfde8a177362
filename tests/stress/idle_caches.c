/* SPDX-License-Identifier: MIT */
/* What an idle thread may keep of a pool is bounded in bytes, however large its objects are. */
#include "caches.h"
#include "check.h"
#include "pools.h"
#include "scale.h"
#include "threads.h"

#include <semaphore.h>

enum { N_THREADS = 4, N_OBJECTS = 300, CACHE_BYTES_MAX = 256 << 10 };

static sem_t is_idle, may_end;
static size_t n_objects;

static void *use_and_idle(void *pool) {
    void *objects[N_OBJECTS];
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(mempool_get_bulk(pool, objects, n_objects), n_objects);
        for (size_t i = 0; i < n_objects; i++) {
            mempool_put(objects[i]);
        }
    }
    CHECK(sem_post(&is_idle) == 0 && sem_wait(&may_end) == 0);
    return NULL;
}

static void check_size(size_t object_bytes) {
    struct mempool *pool = pool_of(object_bytes);
    pthread_t threads[N_THREADS];
    size_t most = ((size_t)64 << 20) / object_bytes;
    n_objects = most < N_OBJECTS ? most : N_OBJECTS;
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(use_and_idle, pool);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        CHECK(sem_wait(&is_idle) == 0);
    }
    struct mempool_stats stats = pool_stats(pool);
    printf("%zu bytes: %llu objects (%llu bytes) cached by %llu threads\n", object_bytes,
           (unsigned long long)stats.cached,
           (unsigned long long)(stats.cached * stats.padded_bytes),
           (unsigned long long)stats.caches);
    CHECK(stats.caches <= N_THREADS);
    /* Objects larger than the bound: one in use and one to spare. */
    uint64_t bound = CACHE_BYTES_MAX > 2 * stats.padded_bytes ? CACHE_BYTES_MAX
                                                              : 2 * stats.padded_bytes;
    CHECK(stats.cached * stats.padded_bytes <= N_THREADS * bound);
    for (size_t i = 0; i < N_THREADS; i++) {
        CHECK(sem_post(&may_end) == 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK(pool_stats(pool).cached == 0 || !caches_are_of_threads());
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

int main(void) {
    static const size_t sizes[] = {1,     64,    256,     1024,    4096,
                                   12120, 65536, 1 << 20, 5 << 20, MEMPOOL_OBJECT_BYTES_MAX};
    watchdog_set(test_runtime_is_plain() ? 110 : 600);
    CHECK(sem_init(&is_idle, 0, 0) == 0 && sem_init(&may_end, 0, 0) == 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_size(sizes[i]);
    }
    return 0;
}
