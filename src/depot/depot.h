/* SPDX-License-Identifier: MIT */
/* The depot: what the threads of a process share of one pool.
 *
 * THEORY
 *
 *      caches (one per thread)           depot                            slabs
 *      get/put <-> loaded, previous <-> full magazines, loose rounds <-> slots at home
 *
 * Caches trade whole magazines with the depot (Bonwick & Adams, "Magazines and Vmem", USENIX 2001,
 * section 3), so one lock serves many gets; objects that one thread puts and another gets travel
 * the same way. What the depot holds is bounded (`rounds_bound`); what comes above goes home to
 * the slabs at once. Of what it holds, what was not needed for a while (`rounds_low`, the working
 * set of section 3.6 there) goes home in reclaim steps, and slabs whose slots are all at home go
 * back to the system some seconds later (pool/reclaim.c).
 *
 * Magazines start at 15 rounds, grow with traffic to `rounds_calm`, and with rapid traffic
 * (hundreds of exchanges a second) up to `rounds_max`. Both are bounded by bytes:
 * in calm 4 KiB or one object; a cache never holds more than 3 x max(32 KiB, 2 objects); objects
 * above 256 KiB are not cached.
 *
 * Tight: a depot that may not grow (limit, FAIL, HEAP) and found nothing free draws all caches in
 * and closes their gates; from then on every get and put of the pool takes this lock, so that no
 * free object hides in a cache, until enough are free again. A pool made MEMPOOL_UNCACHED is
 * always tight. So the limit is exact in both directions.
 *
 * A pool of more than 16 MiB takes further slabs from huge pages (vm/arena.h, SPANS): the 2 MiB
 * that it may touch too early are then an eighth of it at most.
 *
 * Equations, under the lock:
 *      carved = slots - home = rounds + parked + cached by threads + live   (duplicates aside)
 *      carved <= slot_limit
 * Locks: everything not marked otherwise is under `lock` (rank depot). Fork: held across. */
#ifndef MEMPOOL_DEPOT_DEPOT_H
#define MEMPOOL_DEPOT_DEPOT_H

#include "depot/magazine.h"

struct mempool;
struct mempool_component;

enum depot_state {
    DEPOT_UNUSED = 0, /* never was a pool, or the place of one that is gone */
    DEPOT_ALIVE,
    DEPOT_ZOMBIE, /* destroyed while objects are live: takes puts only */
};

/* From cache to cache in a thread's table: a line for the hits, one for the rest. The numbers are
 * shifted by half of a table's first page, away from where first slots' records are: COLOURS in
 * vm/space.h. */
enum { CACHE_BYTES = 2 * MEMPOOL_CACHE_LINE, CACHE_COLOUR = 16 };

static inline uint32_t depot_cache_offset(uint32_t number) {
    return (number ^ CACHE_COLOUR) * CACHE_BYTES;
}

enum { DEPOT_RACED = 4 }; /* racing puts found in one go whose objects are told */

/* No cache: an offset no thread's table reaches, so that get and put leave the hot path. */
#define CACHE_OFFSET_NONE ((uint32_t)INT32_MAX)
/* From here to the end of numbers: caches of the accounted heap's size classes, in a table of their
 * own, out of reach of the pools' gets and puts. As signed numbers these offsets are below 0, which
 * is how a free tells them, and lead backward from the table's end. */
enum { HEAP_CACHES = 80, HEAP_TABLE_BYTES = HEAP_CACHES * CACHE_BYTES };
#define CACHE_OFFSET_HEAP (0 - (uint32_t)HEAP_TABLE_BYTES)

struct depot {
    struct sys_lock lock; /* first: it outlives the pools that this place serves */
    _Atomic uint32_t state; /* enum depot_state; under lock, peeped at without */
    /* immutable while not UNUSED */
    struct mempool *pool;   /* the handle, for reports; not looked into here */
    const char *name;       /* "component:type" */
    struct shape shape;
    uint32_t number;        /* of the pool */
    uint32_t cache_offset;  /* of its cache in each thread's tables; see cache/thread.h */
    uint32_t rounds_max;    /* of a magazine; 0: uncached */
    uint32_t rounds_calm;   /* of a magazine, unless exchanges are rapid */
    size_t count;           /* slots to keep ready */
    size_t slot_limit;      /* most slots carved at once; SIZE_MAX: none */
    size_t rounds_bound;    /* most rounds the depot keeps */
    struct mempool_component *component; /* whose slabs they are; NULL: the process's */
    bool raw;               /* there is a constructor */
    bool uncached;          /* always tight */
    /* under lock */
    bool tight;
    bool held;              /* stays tight for now (pool/hold.h); and was it tight before? */
    bool held_tight;
    bool ended;             /* a zombie whose last object is home; said once */
    bool unreachable;       /* some cache may still be bound to it: its place is not used again */
    uint32_t target;        /* capacity of magazines to come */
    uint32_t exchanges;     /* since target last grew, and from rounds_calm on in this second: */
    uint32_t exchanges_since;
    uint32_t colours;       /* slabs made so far */
    struct magazine *full;  /* newest first; none is empty */
    struct magazine *loose; /* for single rounds; may be NULL */
    struct span span;       /* where the next slabs of a large pool lie */
    struct magazine *spare; /* empty ones of the target's capacity; put back by reclaim steps */
    struct magazine *stale; /* empty ones that a handler had no use for, and may not destroy */
    uint32_t n_spare;
    struct magazine *parked;  /* of objects put by others than who got them (cache/park.h), */
    struct magazine *waiting; /* and those that are settled when the mark is past */
    uint64_t waiting_for;
    uint64_t parked_of, waiting_of; /* whose objects they were: sets of threads (cache/grace.h) */
    _Atomic uint32_t n_raced; /* what was found and has yet to be reported: */
    const void *raced[DEPOT_RACED];
    struct list partial;    /* slabs with some slots at home */
    struct list empty;      /* slabs with all at home, longest empty first */
    struct list slabs;      /* all, by `sibling` */
    size_t rounds_low;      /* least `rounds` since the last reclaim step */
    /* written under lock, read by statistics without it */
    _Atomic size_t n_slabs; /* first of these */
    _Atomic size_t slots, home, rounds;
    _Atomic size_t parked_rounds; /* in `parked` and `waiting` */
    _Atomic size_t peak;    /* highest number of live slots seen; written by compare-and-swap */
    _Atomic uint64_t gets, puts; /* of threads that ended, and those that went past the caches */
    _Atomic uint64_t duplicates; /* puts that were counted and found to be of racing puts */
    _Atomic uint64_t refused, misuses; /* no lock: atomic adds */
};

/* Charges slabs to components, once there are any (account/component.h): bytes, or less than 0 to
 * give back; false: refused. Called under depots' locks. NULL: nobody counts. */
extern bool (*_Atomic depot_charge)(struct mempool_component *component, int64_t bytes);
/* A slab's end, as to that; the slab is in no list any more. */
void depot_uncharge_slab(const struct depot *depot, struct slab *slab);

/* Under the lock, which is left as it is. */
void depot_init(struct depot *depot, const struct shape *shape, uint32_t number);
/* Take slabs until `count` slots exist: 0 or -ENOMEM (what was taken stays; nothing, where all of
 * the arena would not do). */
int depot_reserve(struct depot *depot);

/* Slots that are neither at home nor in the depot: live, or in a cache. No lock needed. */
static inline size_t depot_out(const struct depot *depot) {
    size_t carved = load_relaxed(&depot->slots) - load_relaxed(&depot->home);
    size_t rounds = load_relaxed(&depot->rounds) + load_relaxed(&depot->parked_rounds);
    /* Duplicates of racing puts are rounds without a slot, until they are found. */
    return carved > rounds ? carved - rounds : 0;
}
/* Note that this many slots are live now. No lock needed. */
void depot_note_live(struct depot *depot, size_t live);

/* -- single rounds, for what goes past the caches. `may_grow`: memory may be asked for, and given
 * back -- */
bool depot_take(struct depot *depot, struct round *ret_round, bool may_grow);
void depot_give(struct depot *depot, struct round round);

/* -- magazines -- */
/* A magazine with rounds, or NULL where the depot has none. */
struct magazine *depot_take_magazine(struct depot *depot);
/* Give a magazine with its rounds, or an empty one; it is the depot's then. */
void depot_give_magazine(struct depot *depot, struct magazine *magazine);
/* An empty magazine of the size that traffic asks for; NULL: no memory. */
struct magazine *depot_empty_magazine(struct depot *depot);
/* Fill an empty magazine from the slabs, as far as limit and memory allow. */
uint32_t depot_carve(struct depot *depot, struct round *rounds, uint32_t n, bool may_grow);
/* Count an exchange: traffic makes magazines grow. */
void depot_note_exchange(struct depot *depot);
/* Count a cache's many swaps of magazines of this capacity: likewise. */
void depot_note_swaps(struct depot *depot, uint32_t capacity);

/* Parked rounds: make free ones of a magazine's, which becomes the depot's; each slot is free
 * once, or already somebody else's, and then the round is dropped. */
void depot_settle_magazine(struct depot *depot, struct magazine *magazine);
/* A round without a slot was found and dropped: count it, and have it reported. */
void depot_note_raced(struct depot *depot, const void *object);

/* Send up to n rounds home, newest magazines last; returns how many went. */
size_t depot_send_home(struct depot *depot, size_t n);
/* Send one round home whose slot is the caller's to give. */
void depot_round_home(struct depot *depot, struct round round);
/* Is a slot of this slab at home now that was not: keep the lists right. */
void depot_slab_gained(struct depot *depot, struct slab *slab);
/* Take one slab off that is empty and not needed for `count`, empty since before `before`
 * seconds; NULL: none. The caller retires it, without the lock. */
struct slab *depot_detach_empty(struct depot *depot, uint32_t before);

/* Give back free pages of slabs that are partly out (slab_punch), of a few of those that this sweep
 * has not looked at yet; false: it has been at all. Not of a raw one. Signals are blocked. */
bool depot_punch_some(struct depot *depot, uint32_t sweep);
/* Give back the span of a pool that is large no more. */
void depot_drop_idle_span(struct depot *depot);
/* Give back the empty magazines. */
void depot_drop_spare(struct depot *depot);
/* Give up the loose magazine and whatever else only an alive depot needs. */
void depot_close(struct depot *depot);

/* Tight and free enough to let caches work again? Then it is no longer tight. */
void depot_relax(struct depot *depot);

/* The depot's clock, seconds since the library started plus one; written by ticks (cache). */
extern _Atomic uint32_t depot_seconds;

#endif
