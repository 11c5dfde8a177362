/* SPDX-License-Identifier: MIT */
/* A pool is destroyed twice: clean, and with an object still live.
 * expect: ^mempool: misuse: dead-pool-destroy pool=.* site=main\+0x
 * expect: ^mempool: misuse: live-at-destroy pool=test:thing
 * expect: ^mempool: misuse: dead-pool-destroy pool=test:thing .*site=main\+0x */
#include "misuse.h"

int main(void) {
    struct mempool *clean = pool_of(64), *leaking = pool_of(64), *bystander = pool_of(64);
    CHECK_EQUAL(mempool_destroy(clean), 0);
    errno = ERRNO_BEFORE;
    CHECK_EQUAL(mempool_destroy(clean), 0);
    CHECK(errno == ERRNO_BEFORE);
    void *object = mempool_get(leaking);
    CHECK_EQUAL(mempool_destroy(leaking), 1);
    CHECK_EQUAL(mempool_destroy(leaking), 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_POOL_DESTROY), 2);
    mempool_put(object);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 3);
    check_pool_is_sound(bystander);
    CHECK_EQUAL(mempool_destroy(bystander), 0);
    return 0;
}
