/* SPDX-License-Identifier: MIT */
/* An empty variable says nothing, and is no mistake.
 * environment: MEMPOOL_ON_MISUSE=
 * never: . */
#include "misuse.h"

int main(void) {
    mempool_put(mempool_get(pool_of(64)));
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
