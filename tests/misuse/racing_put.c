/* SPDX-License-Identifier: MIT */
/* Two threads put one object at the same moment, many times: never two owners, none unnoticed.
 * never: mempool: misuse */
#define RACING_FLAGS 0
#include "racing_put.h"

int main(void) {
    race();
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT)
                    + mempool_misuse_count(MEMPOOL_MISUSE_RACING_PUT),
                n_rounds);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n_rounds);
    return 0;
}
