/* SPDX-License-Identifier: MIT */
/* Objects of pools, cached and uncached, are given to free and realloc: they stay their owners'.
 * expect: ^mempool: misuse: wrong-call pool=test:thing obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=test:uncached obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=test:thing obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=test:thing obj=0x[0-9a-f]+ site=free_of_other\+0x */
#include "accounted.h"

void *free_of_other(void *object);

CALL_SITE void *free_of_other(void *object) {
    FREE_MISUSED(object);
    return NULL;
}

int main(void) {
    struct mempool *pool = pool_of(64);
    struct mempool *uncached = pool_of_options(
        &NAMED_POOL_OPTIONS("uncached", .object_bytes = 64, .flags = MEMPOOL_UNCACHED));
    void *object = mempool_get(pool), *other = mempool_get(uncached);
    FREE_MISUSED(object);
    FREE_MISUSED(other);
    errno = 0;
    CHECK(mempool_realloc(object, 100) == NULL && errno == EINVAL);
    thread_run(free_of_other, object);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_WRONG_CALL, 4);
    CHECK(mempool_of(object) == pool && mempool_of(other) == uncached);
    CHECK_EQUAL(pool_live(pool), 1);
    CHECK_EQUAL(pool_stats(pool).misuses, 3);
    mempool_put(object);
    mempool_put(other);
    check_pool_is_sound(pool);
    check_heap_is_sound(64);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(uncached), 0);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_WRONG_CALL, 4);
    return 0;
}
