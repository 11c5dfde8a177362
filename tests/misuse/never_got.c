/* SPDX-License-Identifier: MIT */
/* The start of a slot beside a live object, which nobody ever got.
 * expect: ^mempool: misuse: never-got pool=test:thing obj=0x[0-9a-f]+ site=main\+0x */
#include "misuse.h"

#include <stdbool.h>

int main(void) {
    struct mempool *pool = pool_of(64);
    char *object = mempool_get(pool);
    ptrdiff_t padded_bytes = (ptrdiff_t)pool_stats(pool).padded_bytes;
    bool is_last = address_state(object + padded_bytes) != MEMPOOL_STATE_VIRGIN;
    char *neighbour = is_last ? object - padded_bytes : object + padded_bytes;
    CHECK(address_state(neighbour) == MEMPOOL_STATE_VIRGIN);
    PUT_MISUSED(neighbour);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_NEVER_GOT, 1);
    CHECK(mempool_of(object) == pool && mempool_of(neighbour) == NULL);
    mempool_put(object);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
