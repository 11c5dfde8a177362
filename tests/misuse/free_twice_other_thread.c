/* SPDX-License-Identifier: MIT */
/* One thread frees a block and ends; another frees it again; the main thread allocated it.
 * expect: ^mempool: misuse: double-put pool=heap:64 obj=0x[0-9a-f]+ site=second_thread\+0x
 * also: ^\s.*\bfirst_thread\+0x[0-9a-f]+ */
#include "accounted.h"

void *first_thread(void *block);
void *second_thread(void *block);

CALL_SITE void *first_thread(void *block) {
    mempool_free(block);
    CHECK(mempool_usable_bytes(block) == 0);
    return NULL;
}

CALL_SITE void *second_thread(void *block) {
    FREE_MISUSED(block);
    return NULL;
}

int main(void) {
    void *block = mempool_malloc(64, "victim");
    thread_run(first_thread, block);
    thread_run(second_thread, block);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    CHECK_EQUAL(heap_live_blocks(), 0);
    CHECK_EQUAL(heap_live_bytes(), 0);
    check_heap_is_sound(64);
    return 0;
}
