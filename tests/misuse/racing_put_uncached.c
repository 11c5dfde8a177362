/* SPDX-License-Identifier: MIT */
/* The same on a pool without caches: each second put is known for what it is at once.
 * never: mempool: misuse */
#define RACING_FLAGS MEMPOOL_UNCACHED
#include "racing_put.h"

int main(void) {
    race();
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, n_rounds);
    return 0;
}
