/* SPDX-License-Identifier: MIT */
/* The classic pool, to compare with: one lock, one slab made in advance, headers beside objects. */
#ifndef REPLAY_CLASSIC_H
#define REPLAY_CLASSIC_H

#include <stddef.h>
#include <stdint.h>

/*
 * THEORY
 *
 * The kind of pool that long-lived storage servers have used since about 2009: `count` objects lie
 * in one slab that never grows; each has a header in front of it (list links, its pool, a flag);
 * the free ones form a list, taken from and put to its head; one mutex guards everything. An empty
 * pool falls back to calloc, one object at a time. What a put is given is trusted: the header in
 * front of it says which pool it is of.
 *
 *   slab: | header 32 | object, rounded up to 16 | header 32 | object ...
 *
 * Invariants, under the lock: hot + cold = count; cold = length of the free list.
 * The slab comes from mmap: a calloc of that size does too at first, but the free of it would leave
 * marks in the heap that another contender uses.
 */

struct classic_pool;

/* The counters, with the classic's names. */
struct classic_stats {
    size_t padded_bytes;    /* of one slot, with header */
    uint64_t hot;           /* live objects of the slab */
    uint64_t cold;          /* free ones */
    uint64_t alloc_count;   /* gets, ever */
    uint64_t pool_misses;   /* gets that found the pool empty */
    uint64_t max_alloc;     /* most hot ones */
    uint64_t curr_stdalloc; /* live objects from calloc */
    uint64_t max_stdalloc;  /* most of those */
    uint64_t refused_puts;  /* puts of a slab object that was free already */
};

/** classic_pool_create: NULL with errno EINVAL (object_bytes 0, or too large together with count)
 *  or ENOMEM. A count of 0 makes every get a miss. */
struct classic_pool *classic_pool_create(size_t object_bytes, size_t count);

/** classic_pool_destroy: objects of the slab that are live become invalid; NULL is ignored. */
void classic_pool_destroy(struct classic_pool *pool);

/** classic_get: contents undefined, aligned to 16 bytes; NULL when calloc fails. */
void *classic_get(struct classic_pool *pool);

/** classic_get0: the same, zeroed. */
void *classic_get0(struct classic_pool *pool);

/** classic_put: NULL is ignored; a second put of a slab object is counted and ignored; a pointer
 *  into a slab but not at the start of an object aborts. Anything else is believed. */
void classic_put(void *object);

/** classic_stats_read: all counters at one moment. */
void classic_stats_read(struct classic_pool *pool, struct classic_stats *ret);

#endif
