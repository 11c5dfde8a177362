/* SPDX-License-Identifier: MIT */
/* Classic pools: what the dump and the log need of them. */
#ifndef MEMPOOL_COMPAT_POOL_H
#define MEMPOOL_COMPAT_POOL_H

#include "base/list.h"

#include "compat/classic.h"

#include <stdbool.h>

/* What a program sees, in a block of the accounted heap, and what it does not. */
struct classic_pool {
    struct mem_pool shown;
    struct list link; /* of all, newest first; compat_lock */
    uint64_t serial;  /* order of creation */
    const glusterfs_ctx_t *ctx;
};

/* A pool's counters, and its name, as they are at some moment. */
struct classic_view {
    struct mempool_stats stats;
    char name[2 * MEMPOOL_NAME_BYTES];
};

/* The newest pool of a context (NULL: of all) that is older than *serial, which becomes its own;
 * its struct is brought up to date. False: there is none. */
bool classic_pool_next(const glusterfs_ctx_t *ctx, uint64_t *serial, struct classic_view *ret);
/* The struct of a pool, or NULL where it has none. */
const struct mem_pool *classic_pool_of(const struct mempool *pool);

#endif
