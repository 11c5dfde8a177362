/* SPDX-License-Identifier: MIT */
/* Handles whose memory holds all the same small number: whatever the library reads from them, it
 * must not serve another pool's objects.
 * never: mempool: misuse: (?!not-a-pool) */
#include "misuse.h"

enum { N_WORDS = 1024, N_VALUES = 4096 };

int main(void) {
    static uint32_t forged[N_WORDS];
    mempool_misuse_sink_set(-1);
    struct mempool *pool = pool_of(64);
    mempool_put(mempool_get(pool)); /* there is something in the cache to be had */
    for (uint32_t value = 0; value < N_VALUES; value++) {
        for (size_t i = 0; i < N_WORDS; i++) {
            forged[i] = value;
        }
        CHECK(mempool_get((struct mempool *)(void *)forged) == NULL && errno == EINVAL);
    }
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_NOT_A_POOL, N_VALUES);
    CHECK_EQUAL(pool_live(pool), 0);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
