/* SPDX-License-Identifier: MIT */
/* An object that was put before its pool was destroyed is put again, while others are still live.
 * expect: ^mempool: misuse: live-at-destroy pool=test:thing
 * expect: ^mempool: misuse: dead-object pool=test:thing obj=0x[0-9a-f]+ site=put_again\+0x
 * expect: ^mempool: misuse: dead-object pool=test:thing obj=0x[0-9a-f]+ site=put_again\+0x */
#include "misuse.h"

void put_again(void *object);

CALL_SITE void put_again(void *object) {
    PUT_MISUSED(object);
}

int main(void) {
    struct mempool *pool = pool_of(64);
    void *put_before = mempool_get(pool), *put_after = mempool_get(pool), *kept = mempool_get(pool);
    mempool_put(put_before);
    CHECK_EQUAL(mempool_destroy(pool), 2);
    put_again(put_before);
    mempool_put(put_after);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_OBJECT), 1);
    put_again(put_after);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DEAD_OBJECT), 2);
    mempool_put(kept);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 3);
    return 0;
}
