/* SPDX-License-Identifier: MIT */
/* Slabs: runs of equal slots of one pool, and the books of each slot.
 *
 * THEORY
 *
 * A slab is `shape.chunks` chunks of the arena, a block with one record per slot, and a
 * `struct slab`. Objects hold no links: which slots are at home is told by the records alone.
 *
 *     objects   |slot 0|slot 1|slot 2| ... |slot n-1|rest|      in the arena
 *     records   [  0  ][  1  ][  2  ] ... [  n-1  ][ zero ]     in the bookkeeping
 *                 fresh  start `-- touched --'  fresh
 *
 * Carving takes slots out (HOME -> FREE, as rounds for a magazine): first those that were out
 * before, found by scanning the records, then fresh ones in address order from `start` on and
 * around, so that a slab's pages become resident one after the other. `start` differs from slab to
 * slab and pool to pool: else the first objects of all pools, and their records, would share the
 * same few cache sets (Bonwick 1994, section 4.2). Giving back makes FREE -> HOME. When
 * home == slots the slab is empty and can be retired: its pages, records and chunks go back.
 *
 * Equation: slots out of the slab = shape.slots - home.
 * Locks: carve, give and the fields marked so: the owner's (depot's) lock. Create and retire take
 * space.lock inside. `struct slab`s are recycled only as `struct slab`s, so that whoever reads one
 * without a lock (describe, walk) may read a stale one, but never something else.
 * Sources: Bonwick, "The Slab Allocator", USENIX 1994; out-of-band state as in hardened_malloc. */
#ifndef MEMPOOL_SLAB_SLAB_H
#define MEMPOOL_SLAB_SLAB_H

#include "base/attributes.h"
#include "base/divide.h"
#include "base/list.h"
#include "slab/record.h"
#include "slab/shape.h"
#include "vm/arena.h"
#include "vm/space.h"

#include <stdbool.h>

/* A free slot on its way: the object's and the record's address, so that no get has to compute
 * one from the other. */
struct round {
    void *object;
    record *slot_record;
};

struct slab {
    struct list link;             /* owner's lock: in one of the owner's lists */
    struct list sibling;          /* owner's lock: all slabs of the owner */
    void *_Atomic owner;          /* the depot; NULL: not in use */
    record *_Atomic records;
    _Atomic uint32_t first_chunk;
    uint32_t home;                /* owner's lock: slots at home, fresh ones included */
    uint32_t start;               /* the slot that is carved first: its colour */
    uint32_t fresh;               /* owner's lock: how many were ever carved, from `start` on */
    uint32_t scan;                /* owner's lock: how far behind `start` to look next for touched
                                   * slots at home */
    uint32_t destructed;          /* retiring: slots whose destructor was called, or had none */
    uint32_t purged_bytes;        /* retiring: how far */
    uint32_t empty_since;         /* owner's lock: when the last slot came home, seconds */
    uint32_t flags;               /* owner's lock; room for red zones, patterns (slow paths only) */
    uint32_t gained;              /* owner's lock: slots that came home since it was punched, */
    uint32_t swept;               /* and the sweep (pool/reclaim.h) that looked at it last */
};
enum {
    SLAB_CHARGED = 1, /* its bytes stand on its owner's account */
    SLAB_USED = 2,    /* its pages were another slab's, and are not zero */
    SLAB_HUGE = 4,    /* they are huge ones */
};
#define SLAB_BYTES 128 /* two cache lines each in the area; room to grow */

/* A new slab with all slots at home, NULL: no memory. `cache_offset` goes to its descriptors;
 * `colour`, any number, chooses the slot that is carved first; `span`: where not NULL, take the
 * memory from huge pages, the objects' from this span. */
struct slab *slab_create(const struct shape *shape, void *owner, uint32_t cache_offset,
                         uint32_t colour, struct span *span);

/* Give back the slab's memory, at most `purge_bytes` of it in this call (a multiple of the page
 * size; SIZE_MAX: all; 0: leave the arena to do it later). True when done: the slab is then gone.
 * Its slots must all be at home, and it must be in no list: nobody else can reach it. `tombstone`
 * stays in its descriptors' cache offset, so that a pointer that comes too late can be named. */
bool slab_retire(struct slab *slab, const struct shape *shape, size_t purge_bytes,
                 uint32_t tombstone);

/* Give the pages of dirty runs (vm/arena.h) back to the system, at most so many bytes; how many
 * there were, 0: none. What of them was not needed since this was last asked. */
size_t slab_clean_arena(size_t bytes);
size_t slab_dirty_unneeded(void);

/* Give back what a span has left. */
void slab_drop_span(struct span *span);

/* Take up to n slots as rounds, in descending address order (a magazine is popped from its end).
 * `raw`: the pool has a constructor. Returns how many. */
uint32_t slab_carve(struct slab *slab, const struct shape *shape, struct round *rounds,
                    uint32_t n, bool raw);

/* Is a slot zero whose record was this, before it was made live? It is where the slot was never
 * handed out since its slab was made, of pages that came from the system: a record without history
 * says so. Not of a pool with a constructor: RAW is not FREE. */
MEMPOOL_HOT_INLINE bool slot_is_fresh(uint64_t before) {
    return before == RECORD_FREE && load_folded(&space.unpurged) == 0;
}

/* What became of a round that was given back. */
enum slab_give_verdict {
    SLAB_GIVEN,
    SLAB_NOT_FREE, /* the slot is live, or at home already: the round was a duplicate; dropped */
};
enum slab_give_verdict slab_give(struct slab *slab, const struct shape *shape,
                                 struct round round);

/* Give back the pages of which no slot is out, if enough slots came home for it to be worth while.
 * What was in these slots is lost: not for a pool with a constructor. Bytes that went, those
 * counted that had gone before. Costs a system call for each stretch of such pages. The owner's
 * lock is held, signals are blocked. */
size_t slab_punch(struct slab *slab, const struct shape *shape);

/* Point the slab's descriptors to another cache (a destroyed pool's: to none). */
void slab_redirect(struct slab *slab, const struct shape *shape, uint32_t cache_offset);

/* Where a pointer lies. */
enum slot_verdict {
    SLOT_FOUND,    /* exactly at a slot's start; `slot_record` is its record */
    SLOT_OUTSIDE,  /* not in the arena */
    SLOT_INEXACT,  /* in the arena, not at a slot's start, or no slab there */
};

/* The gate that every pointer passes: no lock, three dependent loads. A rest behind the last slot
 * has a record too, which is always zero. */
MEMPOOL_HOT_INLINE enum slot_verdict
slot_find(const void *object, struct descriptor **ret_descriptor, record **ret_record) {
    size_t offset = space_offset(object);
    if (MEMPOOL_UNLIKELY(!space_covers(offset))) {
        return SLOT_OUTSIDE;
    }
    struct descriptor *descriptor = space_descriptor(offset);
    uint32_t slot;
    uint64_t distance = (uint32_t)((uint32_t)(uintptr_t)object - load_folded(&descriptor->base));
    if (MEMPOOL_UNLIKELY(
            !divide_exactly(distance, load_relaxed(&descriptor->reciprocal), &slot))) {
        return SLOT_INEXACT;
    }
    *ret_descriptor = descriptor;
    *ret_record = load_folded(&descriptor->records) + slot;
    return SLOT_FOUND;
}

/* A slab's records, for who has no lock. */
static inline const record *slab_records(const struct slab *slab) {
    /* R2 pairs with R1 in slab/slab.c */
    return load_acquire(&slab->records);
}

/* The tag of a slot of a tagged shape. All zero until it is first written. Pairs are aligned, so
 * that what is no record (a pointer to the middle of a slot leads to a tag) leads to itself. */
static inline record *slot_tag(record *slot_record) {
    return (record *)((uintptr_t)slot_record | sizeof(record)); /* NOLINT: an address */
}

/* The same of what is known to be a record: the next word. */
MEMPOOL_HOT_INLINE record *slot_next_tag(record *slot_record) {
    return slot_record + 1;
}

/* The slab that a round's slot belongs to. */
static inline struct slab *slab_of(const void *object) {
    return load_relaxed(&space_descriptor(space_offset(object))->slab);
}

#endif
