/* SPDX-License-Identifier: MIT */
/* Drawing in the caches that other threads have of one pool. */
#ifndef MEMPOOL_CACHE_DRAIN_H
#define MEMPOOL_CACHE_DRAIN_H

#include "cache/cache.h"

/* Move all cached rounds of a pool to its depot; the caches' gates stay closed until their owners
 * open them, under the depot's lock. The caller holds threads_lock and the depot's lock, and is
 * itself in no hit. `fold`: fold the counters too and unbind the caches (the pool is going).
 * False: some caches could not be reached (no barrier on this system); theirs come in when their
 * threads next use or flush them, or end. Cost: one membarrier and a visit to each thread. */
bool drain_caches(struct depot *depot, bool fold);

/* Close the gates of every cache of every other thread, and wait until none is in a hit: for fork.
 * The caller holds threads_lock and every depot's lock. The owners open their gates again on their
 * next miss. False: no barrier on this system; nothing was done. */
bool stop_all_caches(void);

/* The same, and move all cached rounds of all threads, the caller's too, to the depots, whose locks
 * are held; the gates stay closed. */
bool draw_in_all_caches(void);

#endif
