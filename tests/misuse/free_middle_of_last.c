/* SPDX-License-Identifier: MIT */
/* The exact middle of every slot of whole slabs, the last one's too, live or free.
 * environment: MEMPOOL_ON_MISUSE=interior=report
 * never: mempool: */
#include "accounted.h"

enum { N_BLOCKS = 3000, BYTES = 8192 };

int main(void) {
    static char *blocks[N_BLOCKS];
    mempool_misuse_sink_set(-1);
    for (int i = 0; i < N_BLOCKS; i++) {
        blocks[i] = mempool_malloc(BYTES, "victim");
        CHECK(blocks[i] != NULL);
    }
    for (int i = 0; i < N_BLOCKS; i++) {
        FREE_MISUSED(blocks[i] + BYTES / 2);
        PUT_MISUSED(blocks[i] + BYTES / 2);
    }
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 2 * N_BLOCKS);
    CHECK_EQUAL(heap_live_blocks(), N_BLOCKS);
    for (int i = 0; i < N_BLOCKS; i++) {
        mempool_free(blocks[i]);
        FREE_MISUSED(blocks[i] + BYTES / 2);
    }
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 3 * N_BLOCKS);
    CHECK_EQUAL(heap_live_blocks(), 0);
    check_heap_is_sound(BYTES);
    return 0;
}
