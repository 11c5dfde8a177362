/* SPDX-License-Identifier: MIT */
/* Addresses near a pool's memory where there is no slab: far behind it, and right behind it.
 * expect: ^mempool: misuse: (returned|unmapped|mapped) pool=- obj=0x
 * expect: ^mempool: misuse: (returned|unmapped|mapped) pool=- obj=0x */
#include "misuse.h"

int main(void) {
    struct mempool *pool = pool_of(64);
    char *object = mempool_get(pool), *behind = object;
    while (address_description(behind).pool == pool) {
        behind += 4096;
    }
    PUT_MISUSED(object + ((size_t)1 << 30));
    PUT_MISUSED(behind);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    CHECK(mempool_of(object) == pool);
    mempool_put(object);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
