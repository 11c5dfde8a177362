/* SPDX-License-Identifier: MIT */
/* Reporting racing puts: two puts of one object at the same time, found by the round too many. */
#ifndef MEMPOOL_POOL_RACED_H
#define MEMPOOL_POOL_RACED_H

#include "pool/pool.h"

/* A get or put at `site` came upon a round of `object`, which is somebody else's. No lock held,
 * door open. */
MEMPOOL_COLD void pool_report_racing(struct mempool *pool, const void *object, uintptr_t site);

/* The same for what the depot noted (depot_note_raced). */
MEMPOOL_COLD void pool_report_raced_slow(struct mempool *pool, uintptr_t site);
static inline void pool_report_raced(struct mempool *pool, uintptr_t site) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&pool->depot.n_raced) != 0)) {
        pool_report_raced_slow(pool, site);
    }
}

#endif
