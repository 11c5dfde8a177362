/* SPDX-License-Identifier: MIT */
/* The end of a pool: at once when nothing is live, else with the last put. */
#ifndef MEMPOOL_POOL_DESTROY_H
#define MEMPOOL_POOL_DESTROY_H

#include "pool/pool.h"

#include <stdbool.h>

/* mempool_destroy on behalf of a caller at `site`. */
size_t pool_destroy(struct mempool *handle, uintptr_t site);

/* Under the depot's lock: the pool was destroyed, and now nothing of it is live or cached any
 * more. Says true once: the caller must then call zombie_end. */
bool zombie_is_over(struct mempool *pool);
/* Give everything of it back. The caller holds no lock. */
void zombie_end(struct mempool *pool);

#endif
