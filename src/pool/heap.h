/* SPDX-License-Identifier: MIT */
/* Single allocations of MEMPOOL_HEAP pools, and how they are told from foreign pointers.
 *
 * THEORY
 *
 * What a HEAP pool hands out beyond its `count` comes from libc's malloc, as in the classic. Unlike
 * there, each such object has a note in a hash table beside, so that a put finds out whether the
 * pointer is one of these; a pointer without a note is foreign and refused, never handed to free.
 * The note also carries the record that a slot would have.
 *
 * Lock: heap_lock (after a depot's), held with signals blocked. malloc and free are called outside
 * of it. Cost: a lock and a hash per get and per put; it is the slow policy by nature. */
#ifndef MEMPOOL_POOL_HEAP_H
#define MEMPOOL_POOL_HEAP_H

#include "pool/pool.h"

#include <stdbool.h>

extern struct sys_lock heap_lock;

/* An object for `pool`, constructed; NULL with errno. The caller holds nothing. */
void *heap_get(struct mempool *pool, uintptr_t site);
/* True when the address was a live heap object: it is put. */
bool heap_put(void *object);
/* True when it is one now, and *ret (not NULL) describes it. `wait`: for the lock. */
bool heap_describe(const void *address, struct mempool_description *ret, bool wait);
/* Visit the live ones of a pool; `visit` is called without the lock. Returns how many; *ended
 * says that visit ended it. */
size_t heap_walk(struct mempool *pool,
                 int (*visit)(void *object, const struct mempool_description *description,
                              void *arg),
                 void *arg, bool *ended);

#endif
