/* SPDX-License-Identifier: MIT */
/* With the action changed, an interior pointer is refused, and the object stays its owner's.
 * expect: ^mempool: misuse: interior pool=test:thing obj=0x
 * expect: ^mempool: misuse: interior pool=test:thing obj=0x
 * expect: ^mempool: misuse: interior pool=test:large obj=0x */
#include "misuse.h"

int main(void) {
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_INTERIOR, MEMPOOL_MISUSE_REPORT) == 0);
    struct mempool *pool = pool_of(64);
    struct mempool *large =
        pool_of_options(&NAMED_POOL_OPTIONS("large", .object_bytes = 1 << 20));
    char *object = mempool_get(pool), *large_object = mempool_get(large);
    PUT_MISUSED(object + 1);
    PUT_MISUSED(object + 63);
    PUT_MISUSED(large_object + (1 << 19));
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 3);
    CHECK(mempool_of(object) == pool && mempool_of(large_object) == large);
    mempool_put(object);
    mempool_put(large_object);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool) + mempool_destroy(large), 0);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 3);
    return 0;
}
