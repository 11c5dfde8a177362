/* SPDX-License-Identifier: MIT */
/* An object is put, its pool destroyed with nothing live, and the object is put again.
 * expect: ^mempool: misuse: (dead-object|returned) pool=.* obj=0x */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    mempool_put(object);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    CHECK(mempool_of(object) == NULL);
    PUT_MISUSED(object);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    return 0;
}
