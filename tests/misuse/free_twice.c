/* SPDX-License-Identifier: MIT */
/* A block of the heap is freed twice in a row; the report names both call sites.
 * expect: ^mempool: misuse: double-put pool=heap:112 obj=0x[0-9a-f]+ site=free_again\+0x
 * also: ^\s.*\bfree_first\+0x[0-9a-f]+ */
#include "accounted.h"

void free_first(void *block);
void free_again(void *block);

CALL_SITE void free_first(void *block) {
    mempool_free(block);
    CHECK(block != NULL);
}

CALL_SITE void free_again(void *block) {
    FREE_MISUSED(block);
}

int main(void) {
    void *block = mempool_malloc(100, "victim");
    free_first(block);
    free_again(block);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    CHECK_EQUAL(heap_live_blocks(), 0);
    check_heap_is_sound(100);
    return 0;
}
