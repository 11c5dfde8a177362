/* SPDX-License-Identifier: MIT */
/* Giving memory back: bit by bit on the way of gets, or all at once by mempool_trim.
 *
 * THEORY
 *
 * There is no thread of ours. A get that looks at the clock anyway (cache/cache.h, tick) carries
 * out one step every 100 ms, for 25 microseconds by its own clock, on the next pools in
 * turn:
 *   - of the rounds in a depot, those not needed since the last visit go home to their slabs (the
 *     working set of Bonwick & Adams 2001, 3.6), at most 512 a visit;
 *   - slabs that have been empty for 5 seconds, and that `count` does not need, are retired: first
 *     destructors, then the pages, 128 KiB at a time, then the chunks;
 *   - of the arena's dirty runs, 128 KiB of what was not needed since the last step goes back.
 * Where its time was over before the slabs were, another step goes on with these alone, after a
 * hundred times as long as this one took, but 10 to 100 ms: so a peak goes back soon, and takes a
 * hundredth of a processor, or what a step every 100 ms takes where one is longer than 1 ms.
 * Where a slab is refused for want of memory, all of that is done at once for every pool
 * (reclaim_all).
 *
 * SWEEPS. Before a process becomes larger than it ever was, it should use what is free in it. So
 * when the arena holds a sixteenth more than the last sweep left in it, and more than ever by a
 * sixty-fourth, another begins. Until it has been at every pool, each slow operation carries out
 * one step of it, if nobody else is at one:
 *   - of a depot all rounds go home, 512 a visit;
 *   - slabs that are empty are retired at once,
 *   - and of those that are partly out the pages go back in which no slot is out (slab_punch); not
 *     so in pools with a constructor or destructor, whose free slots are objects still.
 * Each thread empties its own caches with its next slow operation, all of them in one go.
 * And as many dirty chunks are purged as the arena grew by. Only new highs count: a process that
 * comes back to a size it had finds its pages as it left them. So what sweeps cost, page faults
 * after them included, is in proportion to the growth itself.
 *
 * One thread at a time; the others pass by. Destructors are called with no lock held. */
#ifndef MEMPOOL_POOL_RECLAIM_H
#define MEMPOOL_POOL_RECLAIM_H

#include "base/atomics.h"
#include "base/attributes.h"
#include "cache/thread.h"
#include "pool/pool.h"
#include "vm/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { RECLAIM_PERIOD_MS = 100 };

extern _Atomic uint64_t reclaim_next_ms; /* when the next step is due */
/* What a layer above wants done now and then, about every RECLAIM_PERIOD_MS where there are gets:
 * called with nothing held and the door open. NULL: nothing. */
extern void (*_Atomic reclaim_attend)(void);

/* The most chunks that the arena held (arena_resident), and the sweep that began last. */
extern _Atomic uint32_t reclaim_high, reclaim_sweep;
extern _Atomic uint32_t reclaim_sweep_left; /* places where it has yet to be */

/* Is it time? `now_ms` may be long before: a thread's own clock is that of its last tick, and
 * others have been at theirs since. */
static inline bool reclaim_is_time(uint64_t now_ms, uint64_t next_ms) {
    return (int64_t)(now_ms - next_ms) >= 0;
}

MEMPOOL_COLD void reclaim_step(uint64_t now_ms);
static inline void reclaim_if_due(uint64_t now_ms) {
    bool due = reclaim_is_time(now_ms, load_relaxed(&reclaim_next_ms));
    bool grown = arena_resident() > load_relaxed(&reclaim_high) ||
                 load_relaxed(&reclaim_sweep_left) > 0;
    bool behind = thread_current->swept != load_relaxed(&reclaim_sweep);
    if (MEMPOOL_UNLIKELY(due || grown || behind)) {
        reclaim_step(now_ms);
    }
}

/* Retire one slab that was empty before `before` seconds: bytes given back, 0: there was none. */
size_t reclaim_slab(struct mempool *pool, uint32_t before);

/* Retire what is empty of a pool of large objects: their pages are for the next that needs some, or
 * go back to the system where so many are waiting already, or the objects are very large. */
void reclaim_large(struct mempool *pool);

/* Memory is short: every slab that is empty, or is once the depots' rounds are home, of every pool.
 * Bytes given back. No lock may be held. */
MEMPOOL_COLD size_t reclaim_all(void);

/* Bring to its end what a step has left half-way of this pool, unless a step is under way. */
void reclaim_finish(struct mempool *pool);

/* Is the calling thread itself about to retire a slab of this pool, which was destroyed and has
 * nothing live any more? Then it ends the pool when it is done. */
bool reclaim_takes_over(const struct mempool *pool);

/* In the child of a fork. */
void reclaim_child(void);

#endif
