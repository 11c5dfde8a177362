/* SPDX-License-Identifier: MIT */
/* A pointer into the middle of an object that was put already is refused too, as interior.
 * expect: ^mempool: misuse: interior pool=test:thing obj=0x
 * environment: MEMPOOL_ON_MISUSE=interior=report */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    char *kept = mempool_get(pool), *object = mempool_get(pool);
    mempool_put(object);
    PUT_MISUSED(object + 24);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 1);
    mempool_put(kept);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
