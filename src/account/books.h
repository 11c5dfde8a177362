/* SPDX-License-Identifier: MIT */
/* The books: accounts, each of a component and a type.
 *
 * THEORY
 *
 * An account is named by its *place*: the offset of its tally in every thread's array of them
 * (account/tally.h), so that no hit has to multiply. Components' tables lead from types to places;
 * the tag of a block has its account's place and its bytes:
 *
 *      63                     32 31      22 21          6 5    2 1  0
 *     +-------------------------+----------+-------------+------+----+
 *     |   bytes asked for       |    0     |   account   |  0   | 00 |
 *     +-------------------------+----------+-------------+------+----+
 *                                `--------------- place ------------'
 *
 * Its two lowest bits are 0, so that no tag is a live record (slab/shape.h).
 *
 * Accounts are never freed. Locks: account_lock for making them; their counters are atomic. */
#ifndef MEMPOOL_ACCOUNT_BOOKS_H
#define MEMPOOL_ACCOUNT_BOOKS_H

#include "account/component.h"

#include <stdbool.h>

enum {
    ACCOUNTS_MAX = 1 << 16,
    ACCOUNT_NONE = 0,
    PLACE_SHIFT = 6, /* of a tally's size */
    PLACE_NONE = ACCOUNT_NONE,
    TAG_BYTES_SHIFT = 32,
};

struct account {
    struct mempool_component *component;
    struct mempool_type *type;
    _Atomic int64_t granted;          /* to all balances, less what they gave back */
    _Atomic int64_t peak_bytes, peak_blocks;
    _Atomic uint64_t past_blocks, past_frees; /* of no thread's tally, or of threads that ended */
    /* when peaks were last noted beside other threads, and what was granted then */
    _Atomic uint32_t noted_ms, noted_kib;
};

static inline uint32_t account_place(uint32_t number) {
    return number << PLACE_SHIFT;
}
static inline uint32_t account_of_place(uint32_t place) {
    return place >> PLACE_SHIFT;
}

MEMPOOL_HOT_INLINE uint64_t tag_make(uint32_t place, size_t bytes) {
    return ((uint64_t)bytes << TAG_BYTES_SHIFT) + place;
}
MEMPOOL_HOT_INLINE uint32_t tag_place(uint64_t tag) {
    return (uint32_t)tag;
}
static inline uint32_t tag_account(uint64_t tag) {
    return account_of_place(tag_place(tag));
}
static inline size_t tag_bytes(uint64_t tag) {
    return (size_t)(tag >> TAG_BYTES_SHIFT);
}

/* Have the registers been made? */
extern _Atomic uint32_t account_is_ready;
static inline bool account_ready(void) {
    /* I2 pairs with I1 in account/books.c: the registers are there */
    return load_acquire(&account_is_ready) != 0;
}

/* By a component's table; PLACE_NONE: not known yet. Another thread may just have made it. */
MEMPOOL_HOT_INLINE uint32_t account_known(const _Atomic(uint32_t) *places,
                                          const struct mempool_type *type) {
    /* B4 pairs with B3 in account/books.c */
    return load_acquire(&places[type->entry]);
}

/* The account of a component and type, made if need be; PLACE_NONE: no memory. Where there
 * are too many: that of "other". */
uint32_t account_find(struct mempool_component *component, struct mempool_type *type);
struct account *account_at(uint32_t number);
uint32_t accounts_used(void); /* numbers 1 .. this - 1 */
void account_read(uint32_t number, struct mempool_account *ret);

/* The calling thread's current account for a type; looks, and makes. */
uint32_t account_current(struct thread *thread, struct mempool_type *type);
/* Have a component's allocations of a type charged there. account_lock is held. */
void account_lead_to(struct mempool_component *component, const struct mempool_type *type,
                     uint32_t place);

/* One that goes on: ended, the process's, of this name, with nothing live on its books. NULL: there
 * is none. So who comes and goes under one name needs no further accounts; what it did before stays
 * counted. Cost: a look at every account. */
struct mempool_component *component_resume(const char *name);

/* The slow forms: any thread, any balance. What may fail for want of memory comes between the two
 * halves of an allocation, so that peaks count nothing that never was:
 *      reserve   make sure that a limit will not refuse; false: it does, nothing changed
 *      charge    there is a block: count it. False all the same: what was reserved is gone, or the
 *                calling thread has no balance to reserve in */
bool account_reserve(uint32_t place, size_t bytes);
bool account_charge(uint32_t place, size_t bytes);
/* There is none: undo a reservation. */
void account_unreserve(uint32_t place);
/* A block's end. */
void account_credit(uint32_t place, size_t bytes);
/* A block's size changes; to more bytes as in account_charge. */
bool account_resize(uint32_t place, size_t from, size_t to);

#endif
