/* SPDX-License-Identifier: MIT */
/* A block that looks as an object of the classic pool does: links, pool, mark, then the object. */
#ifndef TESTS_MISUSE_FORGED_H
#define TESTS_MISUSE_FORGED_H

#include "misuse.h"

struct forged_block {
    struct forged_block *next, *previous;
    struct mempool *pool;
    int in_use;
    char object[64] __attribute__((aligned(16)));
};

/* Point the block's header at a pool that exists, put it, and see that nobody believed it. */
static inline void put_forged(struct forged_block *block) {
    struct mempool *pool = pool_of(sizeof block->object);
    block->next = block->previous = block;
    block->pool = pool;
    block->in_use = 1;
    PUT_MISUSED(block->object);
    CHECK(block->next == block && block->previous == block && block->in_use == 1);
    CHECK_EQUAL(pool_stats(pool).put_count, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
}

#endif
