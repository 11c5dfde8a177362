/* SPDX-License-Identifier: MIT */
/* The public handle: a depot, a policy, a name.
 *
 * THEORY
 *
 * This layer composes the ones below: it decides what a miss means (policy), calls constructors
 * and reports misuses, which the layers below only notice. A pool's place is one of POOLS_MAX in
 * the pools area; its number is its index there and names its cache in every thread's table.
 *
 * Life:   UNUSED -> ALIVE -> (ZOMBIE while objects are live ->) UNUSED
 * A place is used again as late as possible (registry.c), so that a stale handle is recognised: it
 * points to a place that is not ALIVE, and its `hot` leads every get to the slow path.
 *
 * Who may touch what: fields above "registry" are written before the pool is ALIVE and read by
 * anybody; the depot has its own lock. */
#ifndef MEMPOOL_POOL_POOL_H
#define MEMPOOL_POOL_POOL_H

#include "base/attributes.h"
#include "depot/depot.h"

#include <mempool/misuse.h>

#include <mempool/mempool.h>

struct mempool {
    /* read by every get */
    _Atomic uintptr_t hot; /* see pool_cache_offset */
    /* immutable while alive */
    uint32_t on_empty; /* enum mempool_on_empty */
    size_t limit;      /* as asked for; 0: none */
    size_t object_align;
    int (*construct)(void *object, void *arg);
    void (*destruct)(void *object, void *arg);
    void *arg;
    char name[MEMPOOL_NAME_BYTES];
    /* registry lock */
    struct list link;        /* of all alive, newest first; of the places to be reused */
    _Atomic uint64_t serial; /* order of creation */
    /* single allocations of MEMPOOL_HEAP; depot's lock writes, statistics peep */
    _Atomic uint64_t heap_live, heap_peak, heap_gets, heap_puts;
    /* how many threads are calling this pool's destructor outside all locks */
    _Atomic uint32_t retiring;
    struct depot depot;
};

/* Where the pool's cache is in a thread's table. The address is subtracted, so that what is no pool
 * (zeros, a copy of a pool, other memory) gives an offset beyond every table. */
MEMPOOL_HOT_INLINE uintptr_t pool_cache_offset(const struct mempool *pool) {
    return load_folded(&pool->hot) - (uintptr_t)pool;
}

static inline void pool_set_cache_offset(struct mempool *pool, uint32_t offset) {
    store_relaxed(&pool->hot, (uintptr_t)pool + offset);
}

#define POOL_BYTES 640 /* a place in the area: ten cache lines */

/* Is it a handle of an alive pool? MEMPOOL_MISUSE_KINDS: yes; else what it is instead. */
enum mempool_misuse_kind pool_check(const struct mempool *pool);
/* Report misuse of a handle by `site`, and set errno to EINVAL. */
void pool_report_handle(const struct mempool *pool, enum mempool_misuse_kind kind, uintptr_t site);


/* Set by the layer above, once there are components: the name of one (NULL: the process's); and
 * what to call, with no lock held, when a slab brought one above its soft limit (pool_soft_due). */
extern const char *(*pool_component_name)(const struct mempool_component *component);
/* And who is charged for what is made in it: one above it, where it has ended. */
extern struct mempool_component *(*pool_component_charged)(struct mempool_component *component);
extern void (*pool_soft_limits)(void);
extern _Atomic uint32_t pool_soft_due;

/* A pool whose slots are the blocks of one size class of the heap; CACHE_OFFSET_NONE: uncached.
 * NULL: no memory. */
struct mempool *pool_create_heap_class(size_t bytes, uint32_t cache_offset);
static inline bool pool_is_heap_class(const struct mempool *pool) {
    return pool->depot.shape.tagged != 0;
}

/* A put or free that is no right one: explain and report it. `wrong_call`: the object is live, and
 * of the other family. */
MEMPOOL_COLD void pool_report_misput(const void *object, uintptr_t site, bool wrong_call);

/* The parts of get and put that bulk and the heap share with the single forms. */
/* `zero_bytes`: so many of the object's bytes are to be zero; GET_ZEROED: all of them. */
#define GET_ZEROED SIZE_MAX
void *pool_get_slow(struct mempool *pool, uintptr_t site, size_t zero_bytes);
/* True: put, or NULL. False: refused and reported. `heap`: the object must be a block of the heap,
 * whose slots have tags; else it must be none. */
bool pool_put_slow(void *object, uintptr_t site, bool heap);

#endif
