/* SPDX-License-Identifier: MIT */
/* Handles that never were a pool: a local variable, an object, a heap block, the inside of a pool.
 * expect: ^mempool: misuse: not-a-pool pool=- .*site=main\+0x
 * expect: ^mempool: misuse: not-a-pool pool=- .*site=main\+0x
 * expect: ^mempool: misuse: not-a-pool pool=- .*site=main\+0x
 * expect: ^mempool: misuse: not-a-pool pool=- .*site=main\+0x
 * expect: ^mempool: misuse: not-a-pool pool=- .*site=main\+0x */
#include "misuse.h"

#define NOT_A_POOL(address) ((struct mempool *)(void *)(address))

int main(void) {
    struct mempool *pool = pool_of(4096);
    struct mempool_stats stats = {.struct_size = sizeof stats};
    long local[512] = {0}, *block = calloc(512, sizeof *block);
    void *object = mempool_get0(pool), *one;
    CHECK(mempool_get(NOT_A_POOL(local)) == NULL && errno == EINVAL);
    CHECK(mempool_get0(NOT_A_POOL(object)) == NULL && errno == EINVAL);
    CHECK(mempool_get_bulk(NOT_A_POOL(block), &one, 1) == 0 && errno == EINVAL);
    CHECK_EQUAL(mempool_destroy(NOT_A_POOL(local)), 0);
    CHECK_EQUAL(mempool_destroy(NOT_A_POOL((uintptr_t)pool + 8)), 0);
    CHECK(mempool_stats(NOT_A_POOL(local), &stats) == -EINVAL);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_NOT_A_POOL, 5);
    free(block);
    mempool_put(object);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    return 0;
}
