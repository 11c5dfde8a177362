/* SPDX-License-Identifier: MIT */
/* A block too large for threads' caches is freed twice.
 * expect: ^mempool: misuse: (double-put|returned) pool=\S+ obj=0x[0-9a-f]+ site=main\+0x */
#include "accounted.h"

int main(void) {
    char *block = mempool_malloc(1 << 20, "victim");
    block[0] = 1;
    mempool_free(block);
    FREE_MISUSED(block);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    CHECK_EQUAL(heap_live_bytes(), 0);
    check_heap_is_sound(300000);
    return 0;
}
