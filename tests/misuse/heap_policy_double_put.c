/* SPDX-License-Identifier: MIT */
/* Objects that a pool took from malloc: a second put of one, and a pointer into one, are refused.
 * expect: ^mempool: misuse: (interior|heap) pool=.* obj=0x
 * expect: ^mempool: misuse: (double-put|heap|mapped) pool=.* obj=0x
 * expect-asan: ^mempool: misuse: (interior|heap|mapped) pool=.* obj=0x
 * expect-asan: ^mempool: misuse: (double-put|heap|mapped|unmapped) pool=.* obj=0x
 * environment: MEMPOOL_ON_MISUSE=interior=report */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 64, .count = 1, .on_empty = MEMPOOL_HEAP));
    char *in_slot = mempool_get(pool), *on_heap = mempool_get(pool);
    CHECK_EQUAL(pool_stats(pool).curr_stdalloc, 1);
    PUT_MISUSED(on_heap + 16);
    CHECK_EQUAL(pool_stats(pool).curr_stdalloc, 1);
    mempool_put(on_heap);
    PUT_MISUSED(on_heap);
    CHECK_EQUAL(pool_stats(pool).curr_stdalloc, 0);
    CHECK_EQUAL(pool_stats(pool).put_count, 1);
    mempool_put(in_slot);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    return 0;
}
