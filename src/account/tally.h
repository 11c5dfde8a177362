/* SPDX-License-Identifier: MIT */
/* Tallies: what one thread adds to one account.
 *
 * THEORY
 *
 * No counter of the hot path is shared. Each thread has one *tally* per account that it touched,
 * and an account's figures are sums over all threads:
 *
 *      live blocks = sum of net blocks               (one thread's may be negative)
 *      live bytes  = granted - sum of balances
 *
 * Bytes are counted down from a *balance* that is granted in pieces: an allocation takes from its
 * thread's balance, a free adds to it. An empty balance is filled by a grant, a full one (above the
 * cap) gives back; both are rare, and are where limits are charged (account/component.h) and peaks
 * are noted. So the hard limit holds exactly, and a thread that only frees hoards nothing.
 *
 * THE ROOM. All that a hit counts is in one word, in three lanes, each the distance to a bound:
 *
 *       63 62            32 31 30      16 15 14       0
 *      +--+----------------+--+----------+--+----------+
 *      | 0|     bytes      | 0|  blocks  | 0|  ticks   |
 *      +--+----------------+--+----------+--+----------+
 *
 *      balance    = floor + bytes           floor >= 0
 *      net blocks = high_blocks - blocks    blocks got less blocks freed
 *      got ever   = due - ticks             so freed ever = got ever - net blocks
 *
 * An allocation of n bytes subtracts n, 1 and 1, a free adds n, 1 and 0, all lanes at once. Where a
 * lane would fall below 0 or run over, its guard bit (63, 31, 15) is set, and the word is not
 * stored: one load, one subtraction, a test and one store stand for five counters and three
 * comparisons. Then the slow half moves the bound:
 *
 *      bytes   the floor, down to 0; below it a grant is needed. While the thread is the account's
 *              only one, the floor is where the account's peak would be passed: so peaks are exact
 *      blocks  the same with the most blocks there were
 *      ticks   it is time to look at the clock (cache/thread.h), every 256 allocations or sooner;
 *              or the next is to be a sample (account/sampled.h)
 *
 * With more threads than one a tally's floor is 0, and peaks are noted when somebody asks or gives
 * back: each time that more than a sixteenth and 64 KiB were granted since, else every 100 ms,
 * because a sum reads a line of every thread. They are wrong by at most what all hold granted, four
 * grants each: 1/16 of the account, at least 16 KiB (512 KiB where blocks are as large as 64 KiB),
 * at most 4 MiB; and by what comes and goes within that time without being so much.
 *
 * A thread that ends folds its tallies into the accounts. What has no tally (threads that ended or
 * could not be attached, no memory for tallies) is granted and booked in the account directly.
 *
 * A processor's tallies (cache/seat.h) are as a thread's, for who holds the seat.
 *
 * Locks: a tally belongs to its thread; `version` is odd while the slow half changes it, so that
 * readers see its parts fit (Lameter's sequence locks; the hits change the room alone, which fits
 * at any time). Who folds others' holds threads_lock. */
#ifndef MEMPOOL_ACCOUNT_TALLY_H
#define MEMPOOL_ACCOUNT_TALLY_H

#include "account/books.h"
#include "sample/rate.h"

struct tally {
    /* read and written by hits */
    _Atomic uint64_t room; /* owner */
    _Atomic uint64_t cap;  /* owner: a free that would make more room than this gives back */
    /* owner's slow half */
    _Atomic uint32_t version;
    bool shared;                 /* when peaks were noted, others had tallies of the account */
    uint8_t sample_level;        /* account/sampled.h */
    struct sample_countdown sampling; /* what `due` means to samples (sample/rate.h) */
    _Atomic int64_t floor;       /* the balance that has no room for bytes, */
    _Atomic int64_t high_blocks; /* the net blocks with no room for more, */
    _Atomic uint64_t due;        /* the allocation that is a tick */
    _Atomic int64_t peak_bytes, peak_blocks; /* the account's, where there is no room */
};
_Static_assert(sizeof(struct tally) == (size_t)1 << PLACE_SHIFT, "a place is a tally's offset");

enum {
    ROOM_BYTES_SHIFT = TAG_BYTES_SHIFT, /* so that a tag's bytes are where room's are */
    ROOM_BLOCKS_SHIFT = 16,
    ROOM_BLOCKS_MAX = 0x7fff,
    ROOM_TICKS_MAX = 0x7fff,
    ROOM_BLOCK = 1 << ROOM_BLOCKS_SHIFT,
    ROOM_TICK = 1,
};
#define ROOM_BYTES_MAX ((int64_t)INT32_MAX)
#define ROOM_GUARDS_LOW 0x80008000u
_Static_assert(ROOM_BYTES_SHIFT == 32, "lanes and guards as drawn above");

/* Room after an allocation; false: the slow half is needed. */
MEMPOOL_HOT_INLINE bool room_take(uint64_t room, size_t bytes, uint64_t *ret_room) {
    uint64_t left = room - ((uint64_t)bytes << ROOM_BYTES_SHIFT) - (ROOM_BLOCK + ROOM_TICK);
    *ret_room = left;
    return MEMPOOL_LIKELY((int64_t)left >= 0) && MEMPOOL_LIKELY((left & ROOM_GUARDS_LOW) == 0);
}

/* Room after a block's free, by its tag's bytes, where they are in the tag. */
MEMPOOL_HOT_INLINE bool room_give(uint64_t room, uint64_t tag_bytes_in_place, uint64_t cap,
                                  uint64_t *ret_room) {
    uint64_t more = room + tag_bytes_in_place + ROOM_BLOCK;
    *ret_room = more;
    return MEMPOOL_LIKELY(more <= cap) && MEMPOOL_LIKELY((int32_t)(uint32_t)more >= 0);
}

/* The calling thread's tally of an account's place, which it must reach. */
MEMPOOL_HOT_INLINE struct tally *thread_tally(const struct thread *thread, uint32_t place) {
    return (struct tally *)(void *)(load_folded(&thread->tallies) + place);
}
MEMPOOL_HOT_INLINE bool thread_has_tally(const struct thread *thread, uint32_t place) {
    return place < load_folded(&thread->tally_bytes);
}

/* What an account's threads add up to. */
struct account_sums {
    int64_t balances, blocks;
    uint64_t total_blocks, total_frees;
    unsigned n_threads;              /* that have a tally in use; where it is one: */
    int64_t peak_bytes, peak_blocks; /* its own */
};
/* Without threads_lock the answer may miss or double what a thread that just ends had. */
struct account_sums account_sum(uint32_t number);

/* Whose tallies the calling thread may use now, and they reach the account's place: its own, or its
 * processor's (cache/seat.h), which it then holds. Until tally_leave it is inside an operation: a
 * handler's get could give its tallies up else, and take what is half changed along. NULL: no
 * memory, no thread of ours, another holds them, or this is a handler that interrupted an
 * operation. The old ones stay where they are, for readers that hold no lock of ours. */
struct thread *tally_enter(uint32_t place);
void tally_leave(struct thread *holder);

/* In what follows `holder` is whom tally_enter told, or thread_enter. */

/* Have a balance of so many bytes: NULL, there is; or who refuses. Counts nothing, moves no bound
 * past what is live: what is wanted may yet turn out not to be had. Calls no callback; the holder's
 * tallies stay where they are, as with tally_make_room. */
struct mempool_component *tally_reserve(struct thread *holder, uint32_t place, size_t bytes);
/* It was not to be had: give back what is above the cap. */
void tally_unreserve(struct thread *holder, uint32_t place);

/* Have room for so many more bytes, and blocks (0 or 1): NULL, there is; or who refuses. They are
 * to be taken at once: peaks count them from here on. */
struct mempool_component *tally_make_room(struct thread *holder, uint32_t place, size_t bytes,
                                          int blocks);

/* Change the balance by what there is room for, or by any number above 0, and the net blocks; gives
 * back what is above the cap. Blocks that come are counted as allocations. */
void tally_add(struct thread *holder, uint32_t place, int64_t bytes, int blocks);

/* Give back all that the holder has granted, of all accounts. False: nothing. */
bool tallies_return(struct thread *holder);

/* A thread's figures become nobody's. threads_lock is held, or its owner is gone. */
void tallies_fold(struct thread *thread);

/* Raise a peak. */
void peak_raise(_Atomic int64_t *peak, int64_t to);

#endif
