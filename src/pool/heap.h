/* SPDX-License-Identifier: MIT */
/* Single allocations of MEMPOOL_HEAP pools, and how they are told from foreign pointers.
 *
 * THEORY
 *
 * What a HEAP pool hands out beyond its `count` comes from libc's malloc, as in the classic. Unlike
 * there, each such object has a note in a hash table beside, so that a put finds out whether the
 * pointer is one of these; a pointer without a note is foreign and refused, never handed to free.
 * The note also carries the record that a slot would have.
 *
 * Readers of the process take no lock (view/heap_notes.h): a note is put before all others of its
 * bucket, with a serial above theirs, and has none once it is taken out.
 *
 * Lock: heap_lock (after a depot's), held with signals blocked. malloc and free are called outside
 * of it. Cost: a lock and a hash per get and per put; it is the slow policy by nature. */
#ifndef MEMPOOL_POOL_HEAP_H
#define MEMPOOL_POOL_HEAP_H

#include "pool/pool.h"

#include <stdbool.h>

extern struct sys_lock heap_lock;

/* One live heap object. */
struct heap_note {
    struct heap_note *next;
    void *object;
    struct mempool *pool;
    uint64_t record_value;
    uint64_t serial; /* order of birth, for walks; 0: in no bucket */
};

/* An object's bucket: the upper bits of a sixteenth of its address, times this (Fibonacci). */
#define HEAP_HASH UINT64_C(0x9e3779b97f4a7c15)
enum { HEAP_BUCKETS_SHIFT = 12, HEAP_BUCKETS = 1 << HEAP_BUCKETS_SHIFT };

/* Where it is kept where the table of notes is: HEAP_BUCKETS chains, or NULL. For readers of the
 * process. */
const void *heap_buckets_place(void);

/* An object for `pool`, constructed; NULL with errno. The caller holds nothing. *ret_try_slots: the
 * pool has a limit, and slots came free meanwhile: NULL, try those first.
 *
 * With a limit, slots and heap objects together must not pass it. So while heap objects are live
 * the depot stays tight, and takes no slot that would pass it (pool/get.c). */
void *heap_get(struct mempool *pool, uintptr_t site, bool *ret_try_slots);

/* Under the depot's lock: may one more slot be handed out? */
static inline bool heap_leaves_room(const struct mempool *pool) {
    uint64_t heap_live = load_relaxed(&pool->heap_live);
    return heap_live == 0 || pool->limit == 0 ||
           depot_out(&pool->depot) + heap_live < pool->limit;
}
/* True when the address was a live heap object: it is put. */
bool heap_put(void *object);
/* True when the address is in one now, and *ret describes it. `wait`: for the lock. Cost: a hash
 * for a start, a visit to every heap object for what lies inside one, or in none. */
bool heap_describe(const void *address, struct mempool_description *ret, bool wait);
/* Visit the live ones of a pool; `visit` is called without the lock. Returns how many; *ended
 * says that visit ended it. */
size_t heap_walk(struct mempool *pool,
                 int (*visit)(void *object, const struct mempool_description *description,
                              void *arg),
                 void *arg, bool *ended);

/* Visit the records of all of them, destroyed pools' too, each once; what comes or goes meanwhile
 * may be visited or not. `visit` is called with heap_lock held and signals blocked. */
void heap_each(void (*visit)(const struct mempool *pool, uint64_t record_value, void *arg),
               void *arg);
/* Visit the objects of all of them; heap_lock is held. */
void heap_each_locked(void (*visit)(const struct mempool *pool, const void *object));

#endif
