/* SPDX-License-Identifier: MIT */
/* Blocks of the heap are put, alone, in bulk, by another thread: they stay live.
 * expect: ^mempool: misuse: wrong-call pool=heap:64 obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=heap:1048576 obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=heap:64 obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=heap:1048576 obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: wrong-call pool=heap:64 obj=0x[0-9a-f]+ site=put_of_other\+0x */
#include "accounted.h"

void *put_of_other(void *block);

CALL_SITE void *put_of_other(void *block) {
    PUT_MISUSED(block);
    return NULL;
}

int main(void) {
    char *block = mempool_malloc(64, "victim"), *large = mempool_malloc(1 << 20, "victim");
    void *both[] = {block, large};
    strcpy(block, "still here");
    PUT_MISUSED(block);
    PUT_MISUSED(large);
    mempool_put_bulk(both, 2);
    thread_run(put_of_other, block);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_WRONG_CALL, 5);
    CHECK_EQUAL(heap_live_blocks(), 2);
    CHECK_EQUAL(heap_live_bytes(), 64 + (1 << 20));
    check_heap_is_sound(64);
    CHECK(strcmp(block, "still here") == 0);
    mempool_free(block);
    mempool_free(large);
    CHECK_EQUAL(heap_live_bytes(), 0);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_WRONG_CALL, 5);
    return 0;
}
