/* SPDX-License-Identifier: MIT */
/* The books: accounts (component x type), and what each thread adds to them.
 *
 * THEORY
 *
 * No counter of the hot path is shared. Each thread has one *tally* per account that it touched,
 * and an account's figures are sums over all threads:
 *
 *      live blocks = sum of blocks - sum of frees             (a thread's own may be negative)
 *      live bytes  = granted - sum of balances
 *
 * Bytes are counted down from a *balance* that is granted in pieces: an allocation takes from its
 * thread's balance, a free adds to it. An empty balance is filled by a grant, a full one (above
 * `cap`) gives back; both are rare, and are where limits are charged (account/component.h) and
 * peaks are noted. So the hard limit holds exactly, and a thread that only frees hoards nothing.
 *
 *      balance   cap  ------------------ above: give back
 *                grant ----
 *                floor - - -  the lowest since the last grant: the highest number of live bytes
 *                0     ------------------ below: ask for a grant
 *
 * PEAKS. With one thread, granted - floor is the peak exactly. With more the others' balances are
 * those of the moment when a thread asks or gives back: wrong by at most what all hold granted,
 * which is at most four grants each: 1/16 of the account, at least 16 KiB, at most 4 MiB.
 *
 * A thread that ends folds its tallies into the accounts. What has no tally (threads that ended or
 * could not be attached, no memory for tallies) is granted and booked in the account directly.
 *
 * Locks: tallies belong to their thread; who reads or folds others' holds threads_lock. Accounts
 * are never freed; their number is in the tag of each of their blocks. */
#ifndef MEMPOOL_ACCOUNT_BOOKS_H
#define MEMPOOL_ACCOUNT_BOOKS_H

#include "account/component.h"

#include <stdbool.h>

enum { ACCOUNTS_MAX = 1 << 16, ACCOUNT_NONE = 0 };

struct account {
    struct mempool_component *component;
    struct mempool_type *type;
    _Atomic int64_t granted;          /* to all balances, less what they gave back */
    _Atomic int64_t peak_bytes, peak_blocks;
    _Atomic uint64_t past_blocks, past_frees; /* of no thread's tally, or of threads that ended */
};

struct tally {
    _Atomic int64_t balance; /* owner */
    _Atomic int64_t floor;   /* owner: INT64_MAX where there is no account yet */
    _Atomic int64_t cap;     /* owner */
    _Atomic uint64_t blocks, frees; /* owner: ever */
    _Atomic int64_t high_blocks;    /* owner: most blocks - frees since the last grant */
    uint64_t reserved[2];
};
_Static_assert(sizeof(struct tally) == MEMPOOL_CACHE_LINE, "found by a shift, one line each");

/* A tag (slab/slab.h): whose block it is, and how many bytes were asked for. */
enum { TAG_ACCOUNT_SHIFT = 2, TAG_BYTES_SHIFT = 18 };
static inline uint64_t tag_make(uint32_t account, size_t bytes) {
    return (uint64_t)bytes << TAG_BYTES_SHIFT | (uint64_t)account << TAG_ACCOUNT_SHIFT;
}
static inline uint32_t tag_account(uint64_t tag) {
    return (uint32_t)(tag >> TAG_ACCOUNT_SHIFT) & (ACCOUNTS_MAX - 1);
}
static inline size_t tag_bytes(uint64_t tag) {
    return (size_t)(tag >> TAG_BYTES_SHIFT);
}

MEMPOOL_HOT_INLINE struct tally *thread_tally(const struct thread *thread, uint32_t account) {
    return &load_relaxed(&thread->tallies)[account];
}

/* Have the registers been made? */
extern _Atomic uint32_t account_is_ready;
static inline bool account_ready(void) {
    /* I2 pairs with I1 in account/books.c: the registers are there */
    return load_acquire(&account_is_ready) != 0;
}

/* Count a new block. The most blocks need not be there when the most bytes are, so the floor does
 * not tell. */
static inline void tally_add_block(struct tally *tally) {
    uint64_t blocks = load_relaxed(&tally->blocks) + 1;
    int64_t net = (int64_t)(blocks - load_relaxed(&tally->frees));
    store_relaxed(&tally->blocks, blocks);
    if (net > load_relaxed(&tally->high_blocks)) {
        store_relaxed(&tally->high_blocks, net);
    }
}

/* What an account's threads add up to. */
struct account_sums {
    int64_t balances, blocks;
    uint64_t total_blocks, total_frees;
    unsigned n_threads;          /* that have a tally in use; where it is one: */
    int64_t lowest, high_blocks; /* its floor and highest number of blocks */
};
/* Without threads_lock the answer may miss or double what a thread that just ends had. */
struct account_sums account_sum(uint32_t number);
static inline int64_t account_live_bytes(const struct account *account,
                                         const struct account_sums *sums) {
    return load_relaxed(&account->granted) - sums->balances;
}

/* By a component's table; ACCOUNT_NONE: not known yet. Another thread may just have made it. */
static inline uint32_t account_known(const _Atomic(uint16_t) *numbers,
                                     const struct mempool_type *type) {
    /* B4 pairs with B3 in account/books.c */
    return load_acquire(&numbers[type->number]);
}

/* The account of a component and type, made if need be; ACCOUNT_NONE: no memory, or too many. */
uint32_t account_number(struct mempool_component *component, struct mempool_type *type);
struct account *account_at(uint32_t number);
uint32_t accounts_used(void); /* numbers 1 .. this - 1 */

/* The calling thread's current account for a type; looks, and makes. */
uint32_t account_current(struct thread *thread, struct mempool_type *type);

/* The slow forms: any thread, any balance. False: refused by a hard limit, nothing changed. */
bool account_charge(uint32_t account, size_t bytes);
/* Undo a charge: there was no block. */
void account_uncharge(uint32_t account, size_t bytes);
/* There is: count it. */
void account_add_block(uint32_t account);
/* A block's end. */
void account_credit(uint32_t account, size_t bytes);
/* A block's size changes. False: refused. */
bool account_resize(uint32_t account, size_t from, size_t to);

/* The slow halves of a hit. The balance would fall below the floor: NULL, it may; or who refuses.
 * No callback is called, and the thread's tallies stay where they are. */
struct mempool_component *tally_deepen(struct thread *thread, uint32_t account, size_t bytes);
/* The balance is above its cap. */
void tally_give_back(struct thread *thread, uint32_t account);

#endif
