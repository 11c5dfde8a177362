/* SPDX-License-Identifier: MIT */
/* Grace periods. */
#include "cache/grace.h"

enum {
    LOOKS_AT_DOOR = 200, /* of a thread that is on its processor, a hit lasts some ten */
};

_Atomic uint64_t grace_newest;
static struct sys_lock grace_lock;
static uint64_t barrier_mark; /* grace_lock: the newest mark when the last barrier began */

uint64_t grace_mark(void) {
    /* G1 pairs with G2 in cache/thread.h: a thread that notes this mark sees what we changed */
    return atomic_fetch_add_explicit(&grace_newest, 1, memory_order_acq_rel) + 1;
}

/* Is it one of those asked for, and might it be inside a hit that began before the mark? */
static bool lags(const struct thread *thread, uint64_t mark, uint64_t threads) {
    /* G5 pairs with G6 in cache/thread.c: what it did before it ended is seen */
    return thread != thread_current && load_acquire(&thread->in_use) &&
           (load_relaxed(&thread->seat_of) != 0 ||
            (threads & grace_bit(load_relaxed(&thread->number))) != 0) &&
           /* G3 pairs with G4, G9 in cache/thread.h: what its hits stored is seen */
           load_acquire(&thread->passed) < mark &&
           /* G8 pairs with G7: so is what others saw */
           load_acquire(&thread->seen) < mark;
}

bool grace_passed(uint64_t mark, uint64_t threads) {
    for (const struct thread *at = threads_first(); at != NULL; at = at->next_all) {
        if (lags(at, mark, threads)) {
            return false;
        }
    }
    return true;
}

static void look_at_door(struct thread *thread) {
    for (int looks = 0; looks < LOOKS_AT_DOOR; looks++) {
        if (thread_outside_hits(thread)) {
            /* G7 pairs with G8: what we have seen of the thread, who reads this sees, too */
            store_release(&thread->seen, barrier_mark);
            return;
        }
        sys_pause();
    }
}

/* False: there are no barriers. */
static bool have_barrier(uint64_t mark) {
    if (barrier_mark < mark) {
        uint64_t newest = load_relaxed(&grace_newest);
        if (!sys_barrier_all_threads()) {
            return false;
        }
        barrier_mark = newest;
    }
    return true;
}

bool grace_press(uint64_t mark, uint64_t threads) {
    if (grace_passed(mark, threads)) {
        return true;
    }
    if (!sys_lock_try(&grace_lock)) {
        return false;
    }
    bool reachable = have_barrier(mark);
    for (struct thread *at = threads_first(); at != NULL && reachable; at = at->next_all) {
        if (lags(at, mark, threads)) {
            look_at_door(at);
        }
    }
    sys_lock_drop(&grace_lock);
    return !reachable || grace_passed(mark, threads);
}
