/* SPDX-License-Identifier: MIT */
/* Each way to get from a destroyed pool, also when other pools were made since.
 * expect: ^mempool: misuse: dead-pool-get pool=.* site=main\+0x
 * expect: ^mempool: misuse: dead-pool-get pool=.* site=main\+0x
 * expect: ^mempool: misuse: dead-pool-get pool=.* site=main\+0x
 * expect: ^mempool: misuse: dead-pool-get pool=.* site=main\+0x */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64), *later[8];
    void *objects[4];
    mempool_put(mempool_get(pool));
    CHECK_EQUAL(mempool_destroy(pool), 0);
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(mempool_get0(pool) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(mempool_get_bulk(pool, objects, 4) == 0 && errno == EINVAL);
    for (size_t i = 0; i < 8; i++) {
        later[i] = pool_of(64);
        CHECK(later[i] != pool);
    }
    errno = 0;
    CHECK(mempool_get(pool) == NULL && errno == EINVAL);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DEAD_POOL_GET, 4);
    for (size_t i = 0; i < 8; i++) {
        CHECK_EQUAL(mempool_destroy(later[i]), 0);
    }
    return 0;
}
