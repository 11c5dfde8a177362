/* SPDX-License-Identifier: MIT */
/* Seats: the caches of processors, for threads that are more than these.
 *
 * THEORY
 *
 * A thread's own caches are the best there is as long as it has a processor to itself. Where dozens
 * of threads take turns on a few processors, each finds its lines gone to others' when it runs
 * again, and what all of them cache adds up. There a thread uses its processor's:
 *
 *      thread A --.                       .-- seat of processor 0: caches, tallies, door
 *      thread B ---+-- one at a time ----+
 *      thread C --'   (sys/processor.h)   `-- seat of processor 1
 *
 * A seat is a `struct thread` that belongs to no thread. Its door is taken by a restartable
 * sequence in the place of a plain store, and opened by a plain store: so it is shut as long as a
 * thread is inside, also when that one is moved meanwhile, and everything else is as with a
 * thread's own caches: gates, stages, drawing in, marks (cache/thread.h, cache/grace.h).
 *
 * Who finds the seat taken uses the processor's second, and where that is taken, too, goes past the
 * caches, under the depot's lock. The other was interrupted inside a hit, or holds the seat over an
 * exchange with the depot, and may not run again for some milliseconds: where a fifth of the time
 * is gets and puts, this is so for a fifth of all turns. The second is made where that comes often:
 * it takes as much memory as the first.
 *
 * What is of the thread stays so: its number, stamps, component, deferred puts. So records say
 * which thread got an object.
 *
 * PUTS. Nobody puts an object that a seated thread got with a plain store (`seated_numbers`), but
 * all by compare-and-swap. So of two that put it at once only one succeeds, and nothing need be
 * parked (cache/park.h): whoever puts it lays it where the next get on this processor finds it, the
 * object and its record still in the nearest caches. The swap is what it costs beside a thread's
 * own put; a line that is not near costs more.
 *
 * STATES of a thread: it begins with caches of its own; once more threads are attached than
 * `seat_threads_max` each gives its own back at its next slow operation, and is seated from then
 * on: `open` 0 for good, stage SLOW, so that nobody waits at its door. What tells a signal handler
 * that it has interrupted an operation is then `thread_inside`, set before the seat is taken.
 *
 * Where restartable sequences or barriers are not to be had, and under ThreadSanitizer, which does
 * not see through them, nobody is ever seated. A handler that leaves by siglongjmp leaves the seat
 * taken for good (docs/design/seats.md). Locks: seats are made under threads_lock, and stay. */
#ifndef MEMPOOL_CACHE_SEAT_H
#define MEMPOOL_CACHE_SEAT_H

#include "cache/thread.h"

/* Of a live object: did a seated thread get it? A bit by thread number, set before that one's first
 * get on a seat, and for good. A sample is nobody's. */
extern _Atomic uint64_t seated_numbers[RECORD_THREAD_MASK / 64 + 1];
static inline bool seat_got(uint64_t value) {
    unsigned number = record_thread(value);
    /* S2 pairs with S1 in cache/seat.c: what is swapped from here on, nobody else stores into */
    return (load_acquire(&seated_numbers[number / 64]) >> number % 64 & 1) != 0;
}

/* May the calling thread's put of such a record lay the object in its cache at once? */
static inline bool seat_may_lay(const struct thread *thread, uint64_t value) {
    return thread_seated ? record_is_live(value) && seat_got(value) : thread_got(thread, value);
}

/* Lay a round in a cache whose door is shut and that has room; its record is `value`, as
 * seat_may_lay has it, or has changed since: then false. */
MEMPOOL_HOT_INLINE bool seat_lay(const struct thread *thread, struct cache *cache,
                                 struct round *top, struct round round, uint64_t value,
                                 uintptr_t site) {
    uint64_t put = record_make_ready(site, load_folded(&thread->stamp_free));
    *top = round;
    signal_fence();
    store_relaxed(&cache->top, top + 1);
    if (MEMPOOL_LIKELY(swap_if_relaxed(round.slot_record, &value, put))) {
        return true;
    }
    store_relaxed(&cache->top, top);
    return false;
}

/* A hit on the seat, for a seated thread. An object or NULL, *ret_before as cache_get_hit. */
void *seat_get(uintptr_t offset, uintptr_t site, uint64_t *ret_before);
/* The same for an object that any thread got: laid or parked. False: a miss, or a misuse. `heap`:
 * it must be a block of the heap, else it must be none. */
bool seat_put(void *object, uintptr_t site, bool heap);

/* When threads are seated: by how many there are, whatever they are, or not at all. Before the
 * first is attached. */
enum seats_use { SEATS_WHERE_MANY, SEATS_ALWAYS, SEATS_NEVER };
void seats_choose(enum seats_use use);
/* Once, under the lock that guards initialisation. */
void seats_init(void);
/* So many threads are attached now; threads_lock is held. */
void seats_note_threads(uint32_t n);

/* Shall threads sit down? */
extern _Atomic uint32_t seats_wanted;
/* The calling thread, attached and outside its operations, gives its caches back and is seated from
 * now on. */
MEMPOOL_COLD void seat_begin(void);
static inline void seat_if_wanted(void) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&seats_wanted) != 0) && !thread_seated) {
        seat_begin();
    }
}

/* The same for one that has just been attached and has no tables. */
void seat_settle_in(struct thread *self);
/* The calling thread found none: have a seat for the processor that it runs on, a second where the
 * first is taken often. */
MEMPOOL_COLD void seat_make(void);

/* The forking thread is alone now, in the child: seats that others had are free. `stopped`: as
 * threads_child. Every lock but space.lock is held. */
void seats_child(bool stopped);

#endif
