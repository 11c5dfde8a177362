/* SPDX-License-Identifier: MIT */
/* A pool's counters, for who holds its lock. */
#ifndef MEMPOOL_POOL_STATS_H
#define MEMPOOL_POOL_STATS_H

#include "pool/pool.h"

/* Of an alive pool. */
void pool_stats_locked(struct mempool *pool, struct mempool_stats *ret);

#endif
