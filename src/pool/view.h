/* SPDX-License-Identifier: MIT */
/* What a pool is, copied: for who looks at one that may end meanwhile.
 *
 * THEORY
 *
 * A place serves one pool after another. What stays the same while a pool is alive (name, shape,
 * what was asked for) is written before anybody has its handle, and who gets and puts may read it.
 * But a pool that a list or an old handle led to may end, and its place be made another pool's,
 * while we look. So that part is copied under the pool's lock, without which no pool begins or
 * ends. Counters are atomic and need no lock; they were that pool's if it is still there afterwards
 * (pool_view_note_live).
 *
 * A handler that interrupted a get or put of its own thread only tries for the lock. Who keeps it
 * from the handler all the while is the interrupted call, or waits for that to end: so the place
 * stays that pool's as long as the handler looks, and it looks without. */
#ifndef MEMPOOL_POOL_VIEW_H
#define MEMPOOL_POOL_VIEW_H

#include "pool/pool.h"

#include <stdbool.h>

struct pool_view {
    struct mempool *pool;
    uint64_t serial; /* of creation: tells the pools of one place apart */
    struct shape shape;
    uint32_t cache_offset;
    size_t count, limit, slot_limit;
    char name[MEMPOOL_NAME_BYTES];
};

/* False: no pool's handle, or not alive. */
bool pool_view_take(const struct mempool *handle, struct pool_view *ret);
/* The same of an alive pool whose lock is held. */
void pool_view_fill(struct mempool *pool, struct pool_view *ret);

/* Is it still that pool, and alive? The lock is held. */
bool pool_view_holds(const struct pool_view *view);
/* Note that so many of its slots were live; false: it is another by now, or none. */
bool pool_view_note_live(const struct pool_view *view, uint64_t live);

/* The name of the pool that has the place, or had it last. */
void pool_copy_name(struct mempool *pool, char ret[MEMPOOL_NAME_BYTES]);

#endif
