/* SPDX-License-Identifier: MIT */
/* A pool's handle is put as if it were an object.
 * expect: ^mempool: misuse: (mapped|heap|global) pool=\S+ obj=0x */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    PUT_MISUSED(pool);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
