/* SPDX-License-Identifier: MIT */
/* The address space: one reservation that holds the arena and all bookkeeping about it.
 *
 * THEORY
 *
 *     | publication | pools | slabs | descriptors | runs | blocks | records |     arena     |
 *      `------------------ bookkeeping, published -------------'           `- objects, only -'
 *
 * Everything the library ever hands out lies in the arena, in chunks of 64 KiB; everything that
 * describes it lies in the *areas* before it. Nothing is resident, and nothing but the reservation
 * counts against limits, until it is used: each area is committed from its start upward in steps
 * (area_extend), the arena likewise (vm/arena.c). The guards, and the uncommitted rest of each
 * area, have no access rights: an overflow out of the arena meets a fault before it meets a book.
 *
 * The reservation is made once, with the first pool, and stays until the process ends: 256 GiB of
 * arena on 64-bit systems, halved until the system grants it (RLIMIT_AS, valgrind).
 *
 * PUBLISHED. All bookkeeping but the records is one mapping of a memfd where the system grants that
 * and the environment does not forbid it (MEMPOOL_PUBLISH=0): other processes read the live
 * counters there (view/publication.h). Roots that lie elsewhere, and change, are mirrored in
 * `space_roots`. Records are private memory: they want huge pages, and are too many to copy.
 *
 * COLOURS. What one get or put touches lies in five of these places, and began at the start of a
 * page in each: in the same few sets of the nearest cache, and where a load waits for an unrelated
 * store, because processors first compare the low 12 bits of their addresses. So pools and
 * descriptors begin some way into a page; so do, elsewhere, a thread's hot fields (cache/thread.h),
 * its caches (depot/depot.h) and the first slots (slab/slab.h). It halves a hit's time on some.
 *
 * Is a pointer ours? `pointer - space.arena_start < space.arena_used`: one subtraction and one
 * compare. Then `space.descriptors[offset >> CHUNK_SHIFT]` says whose it is.
 *
 * Invariants: arena_used <= arena_bytes; descriptors and runs are committed for every chunk below
 * arena_used; a descriptor outside any slab has reciprocal 0 and so matches no slot.
 * Writers of everything here hold `space.lock` (rank slots); arena_start, arena_used and
 * descriptors are read without it: arena_used only grows, and a caller can only hold a pointer
 * to memory that it covered before the pointer was handed out.
 * Fork: the child has its own copy of all of it, of what is shared by space_before_fork and
 * space_child; the lock is held across (pool/runtime.c). */
#ifndef MEMPOOL_VM_SPACE_H
#define MEMPOOL_VM_SPACE_H

#include "base/attributes.h"
#include "sys/sys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHUNK_SHIFT = 16,
    CHUNK_BYTES = 1 << CHUNK_SHIFT,
    HUGE_SHIFT = 21, /* of a huge page; where they have another size, the advice is worth less */
    HUGE_BYTES = 1 << HUGE_SHIFT,
    HUGE_CHUNKS = HUGE_BYTES >> CHUNK_SHIFT,
    POOLS_MAX = 1 << 16, /* pools that exist at once */
};

struct slab;

/* What one chunk is, as a put reads it: 32 bytes, two to a cache line. The same in every chunk of
 * a slab. Written under space.lock while no slot of the slab is out. */
struct descriptor {
    _Atomic uint64_t reciprocal;            /* of the slots' stride; 0: no slab here */
    _Atomic(uint64_t) *_Atomic records;     /* of the slab's slot 0 */
    struct slab *_Atomic slab;              /* everything else about it */
    _Atomic uint32_t cache_offset;          /* of the pool in each thread's cache table */
    _Atomic uint32_t base;                  /* address of the slab's start, modulo 2^32 */
};

/* A part of the bookkeeping that grows from its start. */
struct area {
    char *start;
    size_t bytes;           /* reserved */
    size_t skew;            /* from the start of a page to `start` */
    _Atomic size_t committed_bytes; /* a prefix, from the start of that page on; never less */
    size_t used_bytes;      /* handed out, a prefix */
};

struct space {
    /* read by every put */
    uintptr_t arena_start;
    _Atomic size_t arena_used; /* bytes */
    struct descriptor *descriptors;
    _Atomic uint32_t unpurged; /* a purge failed: clean runs may not be zero */
    /* slow paths */
    struct sys_lock lock;
    bool ready;
    size_t arena_bytes;
    size_t arena_committed;
    void *reservation;
    size_t reservation_bytes;
    struct area publication, pools, slabs, descriptor_area, runs, blocks, records;
    char *shared; /* what is published, whole pages; NULL: nothing */
    size_t shared_bytes;
};
extern struct space space;

/* What a reader of the publication starts from, and what changes: kept where it can see them. */
enum space_root {
    ROOT_ARENA_USED, /* bytes */
    ROOT_PLACES,     /* of pools that were ever used */
    ROOT_THREADS,    /* address of the first struct thread */
    ROOT_NOTES,      /* of the threads' notes */
    ROOT_ACCOUNTS,   /* of the accounts, */
    ROOT_N_ACCOUNTS, /* and how many there are */
    ROOT_COMPONENTS, /* of the process's component */
    ROOT_SECONDS,    /* the library's clock, */
    ROOT_START_MS,   /* and when it began, by the system's coarse monotonic one */
    ROOT_SAMPLES,    /* of the table of samples */
    ROOT_MISUSES,    /* reports of each kind, from here on */
    ROOTS = ROOT_MISUSES + 32,
};
extern _Atomic(uint64_t) *_Atomic space_roots;

static inline void space_root_set(enum space_root root, uint64_t value) {
    /* P1 pairs with P2 in publish/self.c: who sees it sees what it leads to */
    store_release(&load_relaxed(&space_roots)[root], value);
}

/* The same of what only grows, by whoever comes first. */
static inline void space_root_raise(enum space_root root, uint64_t value) {
    _Atomic(uint64_t) *at = &load_relaxed(&space_roots)[root];
    uint64_t before = load_relaxed(at);
    while (value > before && !swap_if_relaxed(at, &before, value)) {
    }
}

/* Reserve everything, once; 0 or -ENOMEM (nothing is kept, a later call tries again). Caller
 * holds a lock that makes calls exclusive. */
int space_init(size_t pool_bytes, size_t slab_bytes);

/* Around a fork, space.lock held and no thread in a hit: the child is given a copy of what is
 * shared. space_child comes before anything else in the child. */
void space_before_fork(void);
void space_parent(void);
void space_child(void);

/* Room for a header of so many bytes at the start of what is published; NULL: no memory. */
void *space_publication(size_t bytes);

/* The next `bytes` of an area: never used before, zero; NULL: exhausted or not committable. */
void *area_extend(struct area *area, size_t bytes);
/* Make the first `bytes` usable; 0 or -ENOMEM. */
int area_commit(struct area *area, size_t bytes);

/* Offset in the arena, or >= arena_used for anything that is not in it. */
MEMPOOL_HOT_INLINE size_t space_offset(const void *address) {
    return (uintptr_t)address - space.arena_start;
}

MEMPOOL_HOT_INLINE bool space_covers(size_t offset) {
    return offset < load_folded(&space.arena_used);
}

MEMPOOL_HOT_INLINE struct descriptor *space_descriptor(size_t offset) {
    return &space.descriptors[offset >> CHUNK_SHIFT];
}

static inline char *space_chunk_address(uint32_t chunk) {
    return (char *)space.arena_start + ((size_t)chunk << CHUNK_SHIFT); /* NOLINT: an address */
}

#endif
