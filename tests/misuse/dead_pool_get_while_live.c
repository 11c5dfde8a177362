/* SPDX-License-Identifier: MIT */
/* A get from a destroyed pool that still has live objects and warm caches on two threads.
 * expect: ^mempool: misuse: live-at-destroy pool=test:thing
 * expect: ^mempool: misuse: dead-pool-get pool=test:thing .*site=get_from_dead\+0x
 * expect: ^mempool: misuse: dead-pool-get pool=test:thing .*site=get_from_dead\+0x */
#include "misuse.h"

#include <semaphore.h>

static sem_t is_warm, is_destroyed;

void *get_from_dead(void *pool);

CALL_SITE void *get_from_dead(void *pool) {
    errno = 0;
    void *object = mempool_get(pool);
    CHECK(object == NULL && errno == EINVAL);
    return NULL;
}

static void *second(void *pool) {
    mempool_put(mempool_get(pool));
    CHECK(sem_post(&is_warm) == 0 && sem_wait(&is_destroyed) == 0);
    return get_from_dead(pool);
}

int main(void) {
    CHECK(sem_init(&is_warm, 0, 0) == 0 && sem_init(&is_destroyed, 0, 0) == 0);
    struct mempool *pool = pool_of(64);
    void *kept = mempool_get(pool);
    mempool_put(mempool_get(pool));
    pthread_t thread = thread_start(second, pool);
    CHECK(sem_wait(&is_warm) == 0);
    CHECK_EQUAL(mempool_destroy(pool), 1);
    CHECK(sem_post(&is_destroyed) == 0);
    thread_join(thread);
    get_from_dead(pool);
    mempool_put(kept);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_GET), 2);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 3);
    return 0;
}
