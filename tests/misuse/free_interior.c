/* SPDX-License-Identifier: MIT */
/* Pointers into blocks; the exact middle too, where the books have a word of their own.
 * environment: MEMPOOL_ON_MISUSE=interior=report
 * expect: ^mempool: misuse: interior pool=heap:64 obj=0x[0-9a-f]+ site=main\+0x
 * expect: ^mempool: misuse: interior pool=heap:64 obj=0x
 * expect: ^mempool: misuse: interior pool=heap:64 obj=0x
 * expect: ^mempool: misuse: interior pool=heap:64 obj=0x
 * expect: ^mempool: misuse: interior pool=heap:\d+ obj=0x
 * expect: ^mempool: misuse: interior pool=heap:\d+ obj=0x */
#include "accounted.h"

int main(void) {
    char *block = mempool_malloc(64, "victim"), *large = mempool_malloc(3 << 20, "victim");
    FREE_MISUSED(block + 32);
    FREE_MISUSED(block + 1);
    FREE_MISUSED(block + 16);
    FREE_MISUSED(block + 63);
    FREE_MISUSED(large + mempool_usable_bytes(large) / 2);
    errno = 0;
    CHECK(mempool_realloc(large + 4096, 10) == NULL && errno == EINVAL);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 6);
    CHECK_EQUAL(heap_live_blocks(), 2);
    CHECK(mempool_usable_bytes(block) == 64);
    mempool_free(block);
    mempool_free(large);
    check_heap_is_sound(64);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_INTERIOR, 6);
    return 0;
}
