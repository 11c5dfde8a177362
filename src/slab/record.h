/* SPDX-License-Identifier: MIT */
/* The record of one slot: 8 bytes that say what state it is in, and who brought it there.
 *
 * THEORY
 *
 *      63            32 31          12 11       2 1     0
 *     +----------------+--------------+----------+-------+
 *     |      site      |    seconds   |  thread  | state |
 *     +----------------+--------------+----------+-------+
 *
 * site     low 32 bits of the return address of the get (live) or put (free, home)
 * seconds  coarse time since the library started plus one, modulo 2^20 (12 days); 0: unknown
 * thread   the library's number of the thread, 1 ..; 0: unknown
 * state    HOME  00  the slot is in its slab, in nobody's hands. The all-zero record is HOME and
 *                    says that the slot was never handed out (or not since its memory was fresh)
 *          FREE  01  the slot is a round of some magazine
 *          LIVE  10  the caller has it
 *          PARKED 11 put, by a thread that did not get it; not to be got yet
 *          RAW       one reserved value with state bits 00: as FREE, but a constructor has yet to
 *                    see the slot. Other rare states (guarded) can be told likewise.
 *          sampled   LIVE, with a thread number that no thread has: so no put of it is a hit. Who
 *                    got it is told by its sample (sample/table.h)
 *          USED      what HOME and FREE add to where there is no history either, but the slot's
 *                    pages may not be zero: another slab's slots lay there before
 *
 * Transitions, and who may make them:
 *     HOME -> FREE or RAW       carve, under the depot's lock
 *     FREE -> LIVE              get, by the thread whose magazine holds the round
 *     RAW -> LIVE               get, after the constructor
 *     LIVE -> FREE              put in a hit, by the thread that got it, plain load and store;
 *                               any other put under the depot's lock, by compare-and-swap
 *     LIVE -> PARKED            put, by compare-and-swap (cache/park.h)
 *     LIVE -> sampled -> LIVE   get and put of a sample, under its table's lock
 *     PARKED -> FREE            settled, under the depot's lock
 *     FREE, RAW -> HOME         give back, under the depot's lock
 *
 * A get writes LIVE before it takes the round out of the magazine, a put writes FREE after it laid
 * the round in: whoever finds a LIVE record behind a round in a magazine drops the round. So a
 * thread that vanishes half-way (fork) leaves an object live, never lost.
 *
 * The hot test of a get is bit 0: what lies in a cache's two magazines is never PARKED. That of a
 * put compares state and thread at once (thread_got in cache/thread.h). Everything rare hides
 * behind the mismatch. All accesses are relaxed atomics: what orders them between threads is the
 * hand-over of the object or of the magazine. */
#ifndef MEMPOOL_SLAB_RECORD_H
#define MEMPOOL_SLAB_RECORD_H

#include "base/atomics.h"

#include <stdbool.h>
#include <stdint.h>

typedef _Atomic(uint64_t) record;

enum {
    RECORD_HOME = 0,
    RECORD_FREE = 1,
    RECORD_LIVE = 2,
    RECORD_PARKED = 3,
    RECORD_STATE_MASK = 3,
    RECORD_THREAD_SHIFT = 2,
    RECORD_THREAD_MASK = 0x3ff,
    RECORD_OWNER_MASK = RECORD_THREAD_MASK << RECORD_THREAD_SHIFT | RECORD_STATE_MASK,
    RECORD_TIME_SHIFT = 12,
    RECORD_TIME_MASK = 0xfffff,
    RECORD_SITE_SHIFT = 32,
    RECORD_RAW = RECORD_THREAD_MASK << RECORD_THREAD_SHIFT, /* a number that no thread has */
    RECORD_SAMPLED = RECORD_RAW | RECORD_LIVE,              /* likewise; time and site as ever */
};
#define RECORD_USED ((uint64_t)RECORD_TIME_MASK << RECORD_TIME_SHIFT) /* no thread, no site */

/* Does it say who got or put the slot last? */
static inline bool record_has_history(uint64_t value) {
    uint64_t past = value & ~(uint64_t)RECORD_STATE_MASK;
    return past != 0 && past != RECORD_RAW && past != RECORD_USED;
}

static inline bool record_is_free(uint64_t value) {
    return (value & RECORD_STATE_MASK) == RECORD_FREE;
}

/* The same, in one instruction, of a slot that is not PARKED. */
static inline bool record_is_free_round(uint64_t value) {
    return (value & RECORD_FREE) != 0;
}

static inline bool record_is_live(uint64_t value) {
    return (value & RECORD_STATE_MASK) == RECORD_LIVE;
}

/* A live one's that is a sample. */
static inline bool record_is_sampled(uint64_t value) {
    return (value & RECORD_OWNER_MASK) == RECORD_SAMPLED;
}

static inline bool record_is_parked(uint64_t value) {
    return (value & RECORD_STATE_MASK) == RECORD_PARKED;
}

static inline bool record_is_home(uint64_t value) {
    return (value & RECORD_STATE_MASK) == RECORD_HOME && value != RECORD_RAW;
}

static inline uint32_t record_site(uint64_t value) {
    return (uint32_t)(value >> RECORD_SITE_SHIFT);
}

static inline unsigned record_thread(uint64_t value) {
    return (unsigned)(value >> RECORD_THREAD_SHIFT) & RECORD_THREAD_MASK;
}

static inline uint32_t record_time(uint64_t value) {
    return (uint32_t)(value >> RECORD_TIME_SHIFT) & RECORD_TIME_MASK;
}

/* `stamp`: seconds and thread in their places, state 0. */
static inline uint64_t record_make(uintptr_t site, uint32_t stamp, unsigned state) {
    return ((uint64_t)site << RECORD_SITE_SHIFT) + stamp + state;
}

/* The same with state and stamp made in advance. */
static inline uint64_t record_make_ready(uintptr_t site, uint64_t stamp_and_state) {
    return ((uint64_t)site << RECORD_SITE_SHIFT) + stamp_and_state;
}

static inline uint64_t record_with_thread(uint64_t value, unsigned number) {
    return (value & ~((uint64_t)RECORD_THREAD_MASK << RECORD_THREAD_SHIFT)) |
           (uint64_t)number << RECORD_THREAD_SHIFT;
}

static inline uint64_t record_with_state(uint64_t value, unsigned state) {
    return (value & ~(uint64_t)RECORD_STATE_MASK) | state;
}

#endif
