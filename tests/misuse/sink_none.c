/* SPDX-License-Identifier: MIT */
/* Without a sink nothing is written, and everything is counted.
 * never: . */
#include "misuse.h"

int main(void) {
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    mempool_put(object);
    PUT_MISUSED(object);
    PUT_MISUSED(&pool);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_STACK), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    return 0;
}
