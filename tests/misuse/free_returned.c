/* SPDX-License-Identifier: MIT */
/* A block is freed, its slab goes back to the system, and the block is freed again.
 * expect: ^mempool: misuse: returned pool=\S+ obj=0x[0-9a-f]+ site=main\+0x */
#include "accounted.h"

int main(void) {
    enum { N_BLOCKS = 5000 };
    static void *blocks[N_BLOCKS];
    for (int i = 0; i < N_BLOCKS; i++) {
        blocks[i] = mempool_malloc(200, "victim");
        CHECK(blocks[i] != NULL);
    }
    for (int i = 0; i < N_BLOCKS; i++) {
        mempool_free(blocks[i]);
    }
    CHECK(mempool_trim(NULL) > 0);
    CHECK(address_state(blocks[N_BLOCKS / 2]) == MEMPOOL_STATE_UNUSED);
    FREE_MISUSED(blocks[N_BLOCKS / 2]);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_RETURNED, 1);
    CHECK_EQUAL(heap_live_blocks(), 0);
    check_heap_is_sound(200);
    return 0;
}
