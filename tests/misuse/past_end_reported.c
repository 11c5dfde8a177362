/* SPDX-License-Identifier: MIT */
/* Pointers into the padding, and behind the last slot of a slab, with the action changed.
 * expect: ^mempool: misuse: past-end pool=test:thing obj=0x
 * expect: ^mempool: misuse: past-end pool=test:thing obj=0x
 * expect: ^mempool: misuse: past-end pool=test:thing obj=0x */
#include "misuse.h"

/* The first address that lies behind a slab's last slot, above the object. */
static char *find_tail(char *object, size_t padded_bytes) {
    char *address = object;
    while (address_state(address) != MEMPOOL_STATE_TAIL) {
        enum mempool_state state = address_state(address);
        CHECK(state == MEMPOOL_STATE_LIVE || state == MEMPOOL_STATE_VIRGIN);
        address += padded_bytes;
    }
    return address;
}

int main(void) {
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_PAST_END, MEMPOOL_MISUSE_REPORT) == 0);
    struct mempool *pool = pool_of(7001); /* no slab is a multiple of this */
    size_t padded_bytes = pool_stats(pool).padded_bytes;
    char *object = mempool_get(pool);
    PUT_MISUSED(object + 7001);
    PUT_MISUSED(object + padded_bytes - 1);
    PUT_MISUSED(find_tail(object, padded_bytes));
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_PAST_END, 3);
    CHECK(mempool_of(object) == pool);
    mempool_put(object);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
