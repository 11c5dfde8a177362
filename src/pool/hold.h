/* SPDX-License-Identifier: MIT */
/* Holding: for a while no get and no put is a hit.
 *
 * THEORY
 *
 * Who must see every get and put (src/record) has all caches drawn in and all depots made tight, as
 * a pool is that ran empty: their gates stay closed, so each call misses and takes its depot's
 * lock. Nothing is added to the hits. Each get looks at the clock, as there are no ticks. A pool
 * that is made meanwhile begins so. Afterwards a depot is as tight as it was; its caches fill again
 * by themselves.
 *
 * Begun with every lock held that a fork takes but space.lock, which drawing in needs: so no get or
 * put is half-way, and what is live is live for all. */
#ifndef MEMPOOL_POOL_HOLD_H
#define MEMPOOL_POOL_HOLD_H

#include "sys/sys.h"

#include <stdbool.h>

/* Pools to come are held, too; written under registry_lock. */
extern _Atomic uint32_t pool_held;

/* Block signals and take the locks: of the registry, of threads, every depot's, heap_lock. */
void hold_lock(struct sys_signals *ret_before);
void hold_unlock(const struct sys_signals *before);

/* With these locks; the caller is in no hit. False: no barrier on this system; nothing was done. */
bool hold_begin(void);
void hold_end(void);

#endif
