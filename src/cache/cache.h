/* SPDX-License-Identifier: MIT */
/* The cache that one thread has of one pool: two magazines, and a third for parked rounds.
 *
 * THEORY
 *
 *      loaded    [0][1][2] ... [n-1][ ][ ]      top: behind the last round
 *                     ^floor        ^top  ^ceiling
 *      previous  the other one
 *      parked    a third one, for puts of objects that other threads got (cache/park.h)
 *
 * A get takes the round below `top`, a put lays one at it. Gates: a get needs top > floor, a put
 * top < ceiling. `floor` is normally where the pool's highest number of live objects would be
 * passed, so that hits above it need not count; while somebody draws the cache in, or the depot
 * is tight, the gates are closed: floor = CACHE_CLOSED, ceiling = NULL. The owner moves both by
 * compare-and-swap only (or under the depot's lock), so that it never opens a gate that another
 * has just closed.
 *
 * `left` counts gets down to the next tick, a look at the clock: 1 to 256 of them, adapted for
 * ticks about every 10 ms. It is also how gets are counted:
 *      gets = gets_before + interval - left
 *      puts = rounds now + gets - filled     filled: what exchanges brought less what they took
 * so that a put counts nothing at all. The heap's hits do not count down either: their ticks are
 * their tallies' (account/tally.h), their gets and puts are those that missed, and only gets less
 * puts is true of them. While sampling is on (sample/rate.h) `left` may run out sooner, and misses
 * count it down, too: so that the get that finds it 0 is the one that was drawn.
 *
 * SWAPS. The two magazines are one stack, whose top is the loaded one. Where that is empty, or
 * full, and the other is not, they change places (Bonwick & Adams). But with a full one loaded the
 * next put would do it again, and with an empty one the next get; so some rounds stay, or move, as
 * the order of the stack has them. Live objects that rise and fall by a few then do so within the
 * loaded one, wherever they are. Swaps cost some 20 ns where hits cost 3; a cache that swaps often
 * asks for larger magazines.
 *
 * A zeroed cache is a valid one without magazines: its gates let nothing through. */
#ifndef MEMPOOL_CACHE_CACHE_H
#define MEMPOOL_CACHE_CACHE_H

#include "base/attributes.h"
#include "depot/depot.h"
#include "sample/rate.h"

#include <stdbool.h>

struct thread;

struct cache {
    /* read and written by hits: one line */
    struct round *_Atomic top;         /* owner */
    struct round *_Atomic floor;       /* owner by compare-and-swap; others under depot's lock */
    struct round *_Atomic ceiling;     /* likewise */
    _Atomic uint32_t left;             /* owner */
    /* misses */
    _Atomic uint32_t interval;         /* owner: what left started from */
    struct magazine *_Atomic loaded;   /* owner */
    struct magazine *_Atomic previous; /* owner */
    struct depot *_Atomic depot;       /* depot's lock */
    _Atomic uint64_t gets_before;      /* owner */
    _Alignas(MEMPOOL_CACHE_LINE) _Atomic uint64_t filled; /* owner; modulo 2^64 */
    _Atomic uint32_t previous_n; /* owner: rounds in `previous`, for who may not look into it */
    uint32_t swaps; /* owner: of the two magazines, since they last grew */
    struct magazine *_Atomic parked; /* owner: cache/park.h */
    _Atomic uint32_t parked_n;       /* owner: rounds in it */
    uint32_t resume; /* owner: rounds to carve with the next refill; 0: as many as there is room */
    uint64_t parked_of;              /* owner: whose objects: a set of threads (cache/grace.h) */
    struct sample_countdown sampling; /* owner: what `left` means to samples */
};
_Static_assert(sizeof(struct cache) == CACHE_BYTES, "the caches of a table lie line by line");

/* Above every address: no get passes. */
#define CACHE_CLOSED ((struct round *)UINTPTR_MAX)

/* Rounds in the loaded magazine; the owner's view. */
static inline uint32_t cache_loaded(const struct cache *cache) {
    const struct magazine *loaded = load_relaxed(&cache->loaded);
    return loaded != NULL ? (uint32_t)(load_relaxed(&cache->top) - loaded->rounds) : 0;
}

/* Rounds beside those of the loaded magazine. */
static inline uint32_t cache_others(const struct cache *cache) {
    return load_relaxed(&cache->previous_n) + load_relaxed(&cache->parked_n);
}

/* For statistics, on anybody's cache; exact when its owner does nothing. */
uint32_t cache_rounds(const struct cache *cache);

static inline uint64_t cache_gets(const struct cache *cache) {
    return load_relaxed(&cache->gets_before) + load_relaxed(&cache->interval) -
           load_relaxed(&cache->left);
}

static inline uint64_t cache_puts(const struct cache *cache, uint64_t rounds, uint64_t gets) {
    return rounds + gets - load_relaxed(&cache->filled);
}

/* A get that was no hit; the owner. */
void cache_count_sampling(struct cache *cache); /* while sampling is on */
static inline void cache_count_get(struct cache *cache) {
    if (sample_is_on()) {
        cache_count_sampling(cache);
    } else {
        bump_owned(&cache->gets_before, 1);
    }
}

static inline void cache_uncount_get(struct cache *cache) {
    bump_owned(&cache->gets_before, 0 - (uint64_t)1);
}

/* Is the get that was just counted a sample? Asked once. */
static inline bool cache_take_sample(struct cache *cache) {
    return MEMPOOL_UNLIKELY(cache->sampling.flags != 0) && sample_take_kept(&cache->sampling);
}

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
bool cache_settle_put(struct cache *cache);

/* The locked part: caller holds the depot's lock, door shut, stage SLOW. After CACHE_HIT the
 * round is out of the cache and its record is as it was. */
enum cache_verdict cache_refill(struct cache *cache, struct depot *depot, struct round *ret_round);
/* May the cache be used at all, and is it bound to the depot? CACHE_HIT: yes, and it has a loaded
 * magazine. */
enum cache_verdict cache_bind(struct cache *cache, struct depot *depot);
/* Open the gates for what is loaded. */
void cache_open_gates(struct cache *cache);
/* Let nothing through until they are opened again. */
static inline void cache_close_gates(struct cache *cache) {
    store_relaxed(&cache->floor, CACHE_CLOSED);
    store_relaxed(&cache->ceiling, NULL);
}
/* Make room for a put and lay `round` in; the caller marks the record after it. */
enum cache_verdict cache_make_room(struct cache *cache, struct depot *depot, struct round round);

/* Move everything out of a cache into its depot, whose lock is held; fold its counters and leave
 * the cache as zeroed. Nobody else may be using it. */
void cache_return(struct cache *cache, struct depot *depot);
/* The same for the rounds only: counters and cache stay, gates as they are. */
void cache_empty_out(struct cache *cache, struct depot *depot);

/* Take a round that should not have been there (see slab/record.h) off the top: the put that laid
 * it there counts no more. Door shut. */
void cache_drop_top(struct cache *cache);

#endif
