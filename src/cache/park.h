/* SPDX-License-Identifier: MIT */
/* Puts of objects that another thread got: parked until it is sure that nobody else put them too.
 *
 * THEORY
 *
 * Two threads that put one object at the same time must not both succeed: the slot would be in two
 * caches and get two owners. To exclude that between any two threads takes a fence or an atomic
 * read-modify-write on both sides (Attiya et al., "Laws of Order", POPL 2011), 7 ns where a put
 * costs 3. But of two threads at most one is the one that got the object:
 *
 *   the thread that got it   plain load, plain store; the slot is in its cache at once
 *   any other thread         compare-and-swap LIVE -> PARKED, and the round waits, out of reach
 *
 *      cache->parked --full--> depot->parked --marked--> depot->waiting --past--> full magazines
 *      (owner, no lock)        (depot's lock)            (cache/grace.h)
 *
 * Two others: one compare-and-swap fails, and is a double put. An other and the getter: where the
 * getter's load came before the swap, its plain store overwrites PARKED, a moment later; until
 * then both think that they have put it. The getter may use the slot again at once. The other may
 * not: after a grace period the getter is through, and the record is looked at again. Still PARKED:
 * nobody else put it, it is FREE now. Anything else: the getter had it; the round is dropped, and
 * reported as a racing put. A slot can be parked in two places (by one thread that raced, later by
 * another that put it rightly): the first to be settled makes it FREE, the second finds it so and
 * is dropped. So a slot never has two owners.
 *
 * Puts under the depot's lock mark by compare-and-swap, too, and only where no hit can interfere
 * (tight, uncached, destroyed), or by the getter itself; the rest of them park.
 *
 * A grace period costs nothing where the getters come by their depots, as a producer does that
 * needs new objects. Only for getters that sleep there is a barrier, some microseconds, shared by
 * the thousand puts that PARKED_ROUNDS or PARKED_BYTES amount to. A put never waits for a thread:
 * while one is off its processor inside a hit, what is parked grows.
 *
 * Without a barrier on all threads two racing puts may both succeed.
 * Source of the asymmetry: as the door's, cache/thread.h. */
#ifndef MEMPOOL_CACHE_PARK_H
#define MEMPOOL_CACHE_PARK_H

#include "cache/cache.h"
#include "cache/grace.h"

/* LIVE -> PARKED of a record that was `value`, and note whose object it was; false: it is not live
 * any more. A sample is none of those: whose it was is not in its record. */
static inline bool park_mark(record *slot_record, uint64_t value, uint64_t parked_record,
                             uint64_t *parked_of) {
    if (!record_is_live(value) || record_is_sampled(value) ||
        !swap_if_relaxed(slot_record, &value, parked_record)) {
        return false;
    }
    *parked_of |= grace_bit(record_thread(value));
    return true;
}

/* Behind a shut door: park a round of an object that was live, `value`, and another thread's.
 * False: no room, or not live any more; nothing changed. */
static inline bool park_hit(const struct thread *thread, struct cache *cache, struct round round,
                            uint64_t value, uintptr_t site) {
    /* Where the gates are closed, puts are under the lock, and whoever closed them may be taking
     * the magazine away: so they are looked at before it is. */
    if (load_relaxed(&cache->ceiling) == NULL) {
        return false;
    }
    struct magazine *parked = load_relaxed(&cache->parked);
    uint32_t n = load_relaxed(&cache->parked_n);
    if (parked == NULL || n >= parked->capacity ||
        !park_mark(round.slot_record, value,
                   record_make(site, load_relaxed(&thread->stamp), RECORD_PARKED),
                   &cache->parked_of)) {
        return false;
    }
    parked->rounds[n] = round;
    signal_fence();
    store_relaxed(&cache->parked_n, n + 1);
    return true;
}

/* Without a lock, after a put that was no hit. True: parked; or the calling thread is seated, and
 * this was its hit (cache/seat.h). False: not for this path (the thread's own object, no room, a
 * misuse); nothing changed. `heap`: it must be a block of the heap, else it must be none. */
bool park_put(void *object, uintptr_t site, bool heap);

/* The rest is under the depot's lock. */

/* A put through a cache that is bound; door shut, stage SLOW. True: the object was live, and is
 * parked. Sets *ret_room to false where no memory was to be had for it: nothing changed. */
bool park_in_cache(struct cache *cache, struct depot *depot, struct round round,
                   uint64_t parked_record, bool *ret_room);
/* The same past the caches. `may_grow`: memory may be asked for. */
bool park_in_depot(struct depot *depot, struct round round, uint64_t parked_record, bool may_grow,
                   bool *ret_room);
/* For want of memory: LIVE -> PARKED -> FREE at once, waiting for a grace period. True: the caller
 * has the slot now. */
bool park_alone(struct round round, uint64_t parked_record);

/* Move what a cache has parked to the depot. */
void park_hand_in(struct cache *cache, struct depot *depot);
/* Settle what can be settled; `press`: with a barrier, where that helps. True: something was. */
bool park_settle(struct depot *depot, bool press);
/* The same, with a barrier where so much is parked that it is worth its time. */
void park_settle_some(struct depot *depot);
/* Settle all: it is known that no thread is inside a hit on this pool. */
void park_settle_all(struct depot *depot);

#endif
