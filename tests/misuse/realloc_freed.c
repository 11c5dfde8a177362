/* SPDX-License-Identifier: MIT */
/* A freed block is resized.
 * expect: ^mempool: misuse: double-put pool=heap:112 obj=0x[0-9a-f]+ site=resize\+0x
 * also: ^\s.*\bfree_first\+0x[0-9a-f]+ */
#include "accounted.h"

void free_first(void *block);
void resize(void *block);

CALL_SITE void free_first(void *block) {
    mempool_free(block);
    CHECK(block != NULL);
}

CALL_SITE void resize(void *block) {
    errno = 0;
    CHECK(mempool_realloc(block, 1000) == NULL);
    CHECK_EQUAL(errno, EINVAL);
}

int main(void) {
    void *block = mempool_malloc(100, "victim");
    free_first(block);
    resize(block);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    CHECK_EQUAL(heap_live_blocks(), 0);
    check_heap_is_sound(100);
    return 0;
}
