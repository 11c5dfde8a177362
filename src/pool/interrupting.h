/* SPDX-License-Identifier: MIT */
/* Signal handlers that interrupted a get or put of their own thread (cache/thread.h, THE DOOR).
 *
 * THEORY
 *
 * Such a handler leaves the caches alone and tries for the depot's lock. A put that cannot have it,
 * or would need memory that the interrupted call may be asking for, or would end a destroyed pool,
 * is deferred: kept in the thread, and carried out by that thread's next call that takes a lock, or
 * at its end. So is the way back of a slot whose constructor refused. A get that cannot have the
 * lock is refused (pool/get.c). */
#ifndef MEMPOOL_POOL_INTERRUPTING_H
#define MEMPOOL_POOL_INTERRUPTING_H

#include "cache/thread.h"
#include "pool/put.h"

/* Take a lock in a signal handler that interrupted a call of its own thread. That call may hold
 * the lock, or the lock's holder may wait for that call to end: so a number of tries, and no
 * waiting. False: not to be had. */
bool handler_lock(struct sys_lock *lock);

/* Put in such a handler. */
MEMPOOL_COLD enum put_outcome put_interrupting(struct depot *depot, struct thread *thread,
                                               struct round round, uintptr_t site);

/* A live slot whose constructor refused goes back, to meet it another time; in such a handler, or
 * elsewhere. Nothing is held. */
MEMPOOL_COLD void pool_give_raw(struct mempool *pool, struct round round, uintptr_t site);

/* Carry out the puts that handlers left behind; the door is open. */
void pool_put_deferred_slow(struct thread *thread);
static inline void pool_put_deferred(struct thread *thread) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&thread->n_deferred) != 0)) {
        pool_put_deferred_slow(thread);
    }
}

/* Around what takes locks: handlers of the calling thread must not meet them. Where the thread is
 * attached its door is shut, which costs no system call; else its signals are blocked. */
struct pool_section {
    struct thread *thread; /* NULL: signals are blocked */
    struct sys_signals before;
};
static inline void pool_section_begin(struct pool_section *section) {
    struct thread *thread = thread_current;
    if (thread_attached(thread) && !thread_is_inside(thread)) {
        section->thread = thread;
        if (thread_seated) {
            store_relaxed(&thread_inside, THREAD_INSIDE_SLOW);
            signal_fence();
        } else {
            thread_shut_door(thread);
            thread_slow_down(thread);
        }
    } else {
        section->thread = NULL;
        sys_signals_block(&section->before);
    }
}
/* Where locks are held still: what handlers left stays for the next call. */
static inline void pool_section_leave(struct pool_section *section) {
    if (section->thread == NULL) {
        sys_signals_restore(&section->before);
    } else if (thread_seated) {
        signal_fence();
        store_relaxed(&thread_inside, THREAD_OUTSIDE);
    } else {
        thread_leave_slow(section->thread);
    }
}
static inline void pool_section_end(struct pool_section *section) {
    pool_section_leave(section);
    if (section->thread != NULL) {
        pool_put_deferred(section->thread);
    }
}

#endif
