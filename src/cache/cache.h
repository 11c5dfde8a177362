/* SPDX-License-Identifier: MIT */
/* The cache that one thread has of one pool: two magazines and two counters.
 *
 * THEORY
 *
 *      rounds ->  [0][1][2] ... [n-1][ ][ ]     the loaded magazine; n = in - out
 *      previous -> the other one, full or empty or as it was when they were swapped
 *
 * A get takes the last round: out + 1. A put lays one behind it: in + 1. Both counters only grow
 * by that, so that gets = out and puts = in - filled need no counting of their own; `filled` is
 * what exchanges with the depot brought in and took out.
 *
 * Gates: a get needs n > floor, a put needs n < capacity. floor is normally the low-water mark of
 * n, rounded (so that the peak of live objects is known to 1/8 of a magazine), and CACHE_CLOSED
 * while somebody draws the cache in or the depot is tight; capacity is then 0. The owner moves
 * floor by compare-and-swap only, so that it never opens a gate that another has just closed.
 *
 * tick_at: when `out` arrives there the get goes the slow way once, to look at the clock. The
 * distance adapts between 1 and 256 gets, for ticks about every 10 ms.
 *
 * A zeroed cache is a valid one without magazines: its gates let nothing through. */
#ifndef MEMPOOL_CACHE_CACHE_H
#define MEMPOOL_CACHE_CACHE_H

#include "base/attributes.h"
#include "depot/depot.h"

#include <stdbool.h>

struct thread;

struct cache {
    _Atomic size_t in;               /* owner */
    _Atomic size_t out;              /* owner */
    _Atomic uint32_t floor;          /* owner by compare-and-swap; others under the depot's lock */
    _Atomic uint32_t capacity;       /* depot's lock */
    _Atomic size_t tick_at;          /* owner */
    struct round *_Atomic rounds;    /* owner; the loaded magazine's */
    struct magazine *_Atomic previous; /* owner */
    struct depot *_Atomic depot;     /* depot's lock */
    _Atomic size_t filled;           /* depot's lock */
};
_Static_assert(sizeof(void *) != 8 || sizeof(struct cache) == MEMPOOL_CACHE_LINE,
               "the caches of a table are a cache line each");

#define CACHE_CLOSED UINT32_MAX

static inline uint32_t cache_loaded(const struct cache *cache) {
    return (uint32_t)(load_relaxed(&cache->in) - load_relaxed(&cache->out));
}

/* Rounds in both magazines; an estimate when it is another thread's. */
uint32_t cache_rounds(const struct cache *cache);

enum cache_verdict {
    CACHE_RETRY,     /* the hit will work now, or will say what it needs next */
    CACHE_HIT,       /* *ret_round taken (get), round laid in (put) */
    CACHE_BYPASS,    /* the depot is tight: depot_take and depot_give, under its lock */
    CACHE_NOTHING,   /* no free slot and none to be had within limit and memory */
    CACHE_NO_DEPOT,  /* the pool is not alive */
};

/* The lock-free part of a miss: tick, low-water mark, swap. Door shut, stage FAST. False: the
 * depot is needed. */
bool cache_settle_get(struct thread *thread, struct cache *cache);
bool cache_settle_put(struct thread *thread, struct cache *cache);

/* The locked part: caller holds the depot's lock, door shut, stage SLOW. After CACHE_HIT the
 * round is out of the cache and its record is as it was. */
enum cache_verdict cache_refill(struct cache *cache, struct depot *depot, struct round *ret_round);
/* Make room for a put and lay `round` in; the caller marks the record after it. */
enum cache_verdict cache_make_room(struct cache *cache, struct depot *depot, struct round round);

/* Move everything out of a cache into its depot, whose lock is held; fold its counters and leave
 * the cache as zeroed. Nobody else may be using it. */
void cache_return(struct cache *cache, struct depot *depot);
/* The same for the rounds only: counters and cache stay, gates as they are. */
void cache_empty_out(struct cache *cache, struct depot *depot);

/* Take a round that should not have been there (see slab/record.h) off the top. Door shut. */
void cache_drop_top(struct cache *cache);

#endif
