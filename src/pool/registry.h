/* SPDX-License-Identifier: MIT */
/* All pools: places, order of creation, stepping through them. */
#ifndef MEMPOOL_POOL_REGISTRY_H
#define MEMPOOL_POOL_REGISTRY_H

#include "pool/pool.h"

#include <stdbool.h>

/* Rank registry. Held only with signals blocked. */
extern struct sys_lock registry_lock;

/* Under registry_lock: a place for a new pool, zeroed but for nothing; NULL: none left. */
struct mempool *registry_take(void);
void registry_list(struct mempool *pool);   /* it is alive now: newest first */
void registry_unlist(struct mempool *pool); /* no longer */
void registry_give(struct mempool *pool);   /* its place may be used again, as late as possible */

/* How many places were ever used; places 0 .. n-1 may be looked at without a lock. */
uint32_t registry_places(void);
struct mempool *registry_place(uint32_t number);
/* The place that a handle names, or NULL where it names none. */
struct mempool *registry_find(const struct mempool *handle);

/* Step through the alive pools, newest first, without holding a lock between the steps: start with
 * *serial = UINT64_MAX; NULL at the end. Each pool alive throughout is seen once; size classes of
 * the heap only where they are asked for. */
struct mempool *registry_next(uint64_t *serial, bool heap_classes);

#endif
