/* SPDX-License-Identifier: MIT */
/* What puts share: single ones, and those of signal handlers. */
#ifndef MEMPOOL_POOL_PUT_H
#define MEMPOOL_POOL_PUT_H

#include "pool/pool.h"

#include <stdbool.h>

/* What a put came to. */
enum put_outcome { PUT_AGAIN, PUT_DONE, PUT_MISUSE, PUT_WRONG_CALL, PUT_LAST };

/* LIVE -> FREE, under the depot's lock, where no hit can put the object: it is this thread's, or
 * put_hits_closed. False: not live; or a sample again, which its put's way here had taken out: it
 * is another's by now. */
static inline bool put_mark_free(struct round round, uintptr_t site, uint32_t stamp) {
    uint64_t value = load_relaxed(round.slot_record);
    return record_is_live(value) && !record_is_sampled(value) &&
           swap_if_relaxed(round.slot_record, &value, record_make(site, stamp, RECORD_FREE));
}

/* No hit can put an object of this depot while its lock is held. */
static inline bool put_hits_closed(const struct depot *depot) {
    return depot->tight || depot->rounds_max == 0 || load_relaxed(&depot->state) != DEPOT_ALIVE;
}

/* Marked free: into the depot, or of a destroyed pool's object into its slab. Under the depot's
 * lock. */
enum put_outcome put_in_depot(struct depot *depot, struct round round);

#endif
