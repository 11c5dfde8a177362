/* SPDX-License-Identifier: MIT */
/* What get, put and bulk share. */
#ifndef MEMPOOL_POOL_GET_H
#define MEMPOOL_POOL_GET_H

#include "cache/thread.h"
#include "pool/pool.h"

#include <stdbool.h>

/* Take a lock in a signal handler that interrupted a call of its own thread. That call may hold
 * the lock, or the lock's holder may wait for that call to end (cache/thread.h, THE DOOR): so a
 * number of tries, and no waiting. False: not to be had. */
bool handler_lock(struct sys_lock *lock);

/* Carry out the puts that handlers left behind; the door is open. */
void pool_put_deferred_slow(struct thread *thread);
static inline void pool_put_deferred(struct thread *thread) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&thread->n_deferred) != 0)) {
        pool_put_deferred_slow(thread);
    }
}

#endif
