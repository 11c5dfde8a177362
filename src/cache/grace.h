/* SPDX-License-Identifier: MIT */
/* Grace periods: when are the hits over that did not see what was done?
 *
 * THEORY
 *
 * Who changed records that hits of other threads may be about to overwrite takes a mark, goes on,
 * and looks again later. A thread has passed a mark when it was outside its hits since:
 *
 *   by itself   each time it leaves the hits for a slow operation, and at ticks, it notes the
 *               newest mark (quiescent states, as of read-copy-update; Desnoyers, McKenney et al.,
 *               "User-Level Implementations of RCU", 2012): one load and one store
 *   pressed     a barrier on all threads, then its door is seen open (cache/thread.h), for those
 *               that sleep
 *
 *      we         change records | mark = ++grace_newest (release)
 *      thread              hit | thread->passed = grace_newest (acquire; release) | hit
 *      we                                            passed >= mark (acquire): settle
 *
 * So what the first hit stored is seen by us, and the second sees what we changed. Only threads
 * whose hits can interfere are asked: a set of 64 bits, one for all thread numbers equal modulo 64;
 * and all seats (cache/seat.h), where any of them may be.
 *
 * Nobody waits: a thread that is off its processor inside a hit has not passed, and that is all.
 * Barriers are under `grace_lock`, which is only ever tried for, by threads that are SLOW or have
 * their signals blocked and hold a depot's lock: so nobody has it when the process forks.
 *
 * Without membarrier(2), pressing says yes at once, and what builds on it is not certain. */
#ifndef MEMPOOL_CACHE_GRACE_H
#define MEMPOOL_CACHE_GRACE_H

#include "cache/thread.h"

#include <stdbool.h>
#include <stdint.h>

/* A mark for what the calling thread, and whoever handed something to it, did until now. */
uint64_t grace_mark(void);

/* The bit of a thread's number in a set. */
static inline uint64_t grace_bit(unsigned number) {
    return (uint64_t)1 << (number % 64);
}

/* Have all of these threads passed the mark? The caller is outside its hits. */
bool grace_passed(uint64_t mark, uint64_t threads);

/* The same, after a barrier for those that have not: some microseconds. */
bool grace_press(uint64_t mark, uint64_t threads);

#endif
