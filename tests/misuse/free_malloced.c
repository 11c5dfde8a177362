/* SPDX-License-Identifier: MIT */
/* Blocks of malloc: they are refused, by free and by realloc, and stay malloc's.
 * expect: ^mempool: misuse: heap pool=- obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: heap pool=- obj=0x[0-9a-f]+ site=main\+0x
 * expect-asan: ^mempool: misuse: (heap|mapped) pool=- obj=0x
 * expect-asan: ^mempool: misuse: (heap|mapped) pool=- obj=0x */
#include "accounted.h"

int main(void) {
    char *block = malloc(64);
    strcpy(block, "still here");
    FREE_MISUSED(block);
    errno = 0;
    CHECK(mempool_realloc(block, 100) == NULL && errno == EINVAL);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    CHECK(strcmp(block, "still here") == 0);
    free(block);
    check_heap_is_sound(64);
    return 0;
}
