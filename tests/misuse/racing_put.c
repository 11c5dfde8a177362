/* SPDX-License-Identifier: MIT */
/* Two threads put one object at the same moment, many times: never two owners.
 * never: mempool: misuse */
#define RACING_FLAGS 0
#include "racing_put.h"

/* Each round has one put too many. Most are reported, at once or when the object is next got; a
 * duplicate that went home to its slab is dropped there. */
int main(void) {
    race();
    uint64_t n_reported = mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT)
                          + mempool_misuse_count(MEMPOOL_MISUSE_RACING_PUT);
    CHECK(n_reported <= n_rounds && n_reported >= n_rounds / 2);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_reported);
    return 0;
}
