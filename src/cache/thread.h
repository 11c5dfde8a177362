/* SPDX-License-Identifier: MIT */
/* What the library keeps of one thread: its table of caches, and the door to it.
 *
 * THEORY
 *
 * Each thread that gets or puts has a `struct thread`, found through one thread-local pointer, and
 * a table with one `struct cache` per pool number. Only the thread itself touches its caches, but
 * for one case: somebody draws them in (a limited pool that ran empty, trim, destroy).
 *
 * THE DOOR. `open` is the number of bytes of the table that a get or put may use; 0 while one is
 * under way. A hit compares its pool's offset with `open` anyway; so one compare finds: a thread
 * not attached yet (its pointer leads to `thread_none`, open 0), a table too small, a destroyed
 * pool (offset CACHE_OFFSET_NONE), and a signal handler that interrupted a get or put of its own
 * thread. All of them leave the hot path; nothing else has to be tested there.
 *
 *      owner                                   somebody who draws cache c in, holding the depot's
 *      -----                                   lock and `threads_lock`
 *      D1 open = 0                             close c's gates (floor = closed, capacity = 0)
 *      (compiler barrier)                      sys_barrier_all_threads()
 *      look at c's gates                       D2 wait until open != 0 or stage == SLOW
 *      if open: use c                          c is ours until we open its gates again
 *      D1 open = table_bytes (release)
 *
 * Either the owner sees the gate closed, or the other sees the door shut and waits: the barrier on
 * all threads stands in for the fence that the owner's side leaves out (Dice, Huang, Yang,
 * "Asymmetric Dekker synchronization", 2001; membarrier(2)).
 *
 * THE STAGE. FAST while a hit or the lock-free part of a miss is under way: short, holds no lock.
 * SLOW from the moment on when the thread touches its caches only under the depot's lock; it may
 * hold any lock then. The order of stages in one operation: FAST, SLOW, door open.
 *
 * SIGNAL HANDLERS. A get or put that finds `open` 0 on an attached thread has interrupted one.
 * It leaves the caches alone and works on the depot. It only tries for the depot's lock: its own
 * thread may hold it (SLOW), or the holder may be waiting at its own thread's door (FAST). Over
 * SLOW it asks for no new memory. A put that cannot have the lock is kept in `deferred` until the
 * thread's next slow operation.
 *
 * SEATS. Where there are many more threads than processors, a thread's caches are those of the
 * processor it runs on, which lie in a `struct thread`, too: cache/seat.h. Whose caches an
 * operation may use, and that their door is shut, is told by thread_enter.
 *
 * STATISTICS are read without a lock: `struct thread`s and tables are used again only as such;
 * `generation` tells a reader that what it read was not one thread's.
 *
 * FORK. The child is the forking thread alone. Before the copy is made, the gates of all other
 * threads' caches are closed and their doors waited at (cache/drain.h), so that no hit is half-way
 * in the child; their caches go to its depots as after their exit. */
#ifndef MEMPOOL_CACHE_THREAD_H
#define MEMPOOL_CACHE_THREAD_H

#include "base/attributes.h"
#include "base/list.h"
#include "cache/cache.h"
#include "slab/record.h"
#include "sys/processor.h"

#include <stdbool.h>

enum thread_stage { THREAD_FAST = 0, THREAD_SLOW = 1 };

enum {
    THREAD_DEFERRED = 32,   /* puts of signal handlers that can wait for a while */
    THREAD_NUMBERS = RECORD_THREAD_MASK, /* the last is RECORD_RAW's */
    THREAD_NAME_BYTES = 16,
    THREAD_TYPES = 4096,    /* entries of a component's table of accounts, */
    THREAD_TYPES_RUN = 256, /* which come in runs, */
    THREAD_TABLES = 4,      /* those of so many tables by turns: most programs have no more types */
                            /* than a run, and then four components share a page */
    THREAD_TABLES_ENTRIES = THREAD_TYPES * THREAD_TABLES,
};
struct tally;
struct mempool_component;

struct thread {
    /* owner and its handlers */
    void *deferred[THREAD_DEFERRED];
    uintptr_t deferred_sites[THREAD_DEFERRED];
    /* read and written by every hit; not first, see COLOURS in vm/space.h */
    _Atomic uint32_t open;
    _Atomic uint32_t table_bytes;  /* owner */
    _Atomic(char *) table;         /* owner; struct cache by pool offset */
    _Atomic(char *) heap_end;      /* owner; the end of the same for CACHE_OFFSET_HEAP and above */
    _Atomic uint64_t stamp_live;   /* record of a get: thread, seconds and state in their places; */
    _Atomic uint64_t stamp_free;   /* of a put. Whoever sees a new second writes all threads' */
    _Atomic uint32_t own;          /* owner: thread and state of an object that this thread got;
                                    * THREAD_GOT_NONE where the number is 0 */
    /* read by every allocation of the heap; what they mean: account/books.h, account/component.h */
    _Atomic uint32_t tally_bytes;                /* owner writes under threads_lock */
    _Atomic(char *) tallies;                     /* likewise; by account's place */
    _Atomic(uint32_t) *_Atomic account_places;   /* owner; of the current component */
    _Atomic uint32_t stamp;                      /* thread and seconds alone */
    _Atomic uint32_t stage;                      /* enum thread_stage; owner */
    struct mempool_component *_Atomic component; /* owner; NULL: the process's */
    /* owner */
    uint32_t tick_interval;      /* gets from tick to tick */
    uint64_t tick_ms;            /* when the last one was */
    uint64_t random;             /* of samples (sample/rate.h) */
    uint32_t sampling;           /* a stack is being read: no samples meanwhile */
    uint64_t sample_weight;      /* of the allocation of the heap that is under way; 0: none */
    _Atomic uint32_t number;     /* threads_lock; others read it for stamps */
    _Atomic uint32_t n_deferred; /* owner and its handlers */
    _Atomic uint32_t seat_of;    /* a processor's number and one; 0: it is a thread's */
    uint32_t swept;              /* the sweep (pool/reclaim.h) that its caches were emptied for */
    /* threads_lock */
    struct thread *next_all;       /* never removed */
    _Atomic uint32_t in_use;
    _Atomic uint32_t generation;   /* changes when a thread ends or begins */
    _Atomic uint64_t passed;       /* owner: the newest mark (cache/grace.h) when it was last */
                                   /* outside its hits, */
    _Atomic uint64_t seen;         /* and when others last saw that it was; grace_lock */
};

/* The thread and state bits of no record of a live object. */
#define THREAD_GOT_NONE RECORD_OWNER_MASK

/* What is remembered of a thread's number, also after its end, until another thread gets it. */
struct thread_note {
    _Atomic long id; /* kernel thread id; 0: number never used */
    _Atomic uint32_t attached_seconds;
    _Atomic uint32_t exited;
    char name[THREAD_NAME_BYTES];
};

/* Reached by one load from the thread pointer. Chosen by Meson: initial-exec where the C library
 * keeps room for it in libraries loaded by dlopen (glibc), else the compiler's default (musl). */
#ifndef MEMPOOL_TLS_MODEL
#define MEMPOOL_TLS_MODEL
#endif

extern struct sys_lock threads_lock;
extern __thread struct thread *thread_current MEMPOOL_TLS_MODEL;
/* Is the calling thread seated (cache/seat.h)? And is it inside an operation? Only for a seated one
 * does the second say anything; its handlers read it. */
enum thread_inside { THREAD_OUTSIDE = 0, THREAD_INSIDE_FAST, THREAD_INSIDE_SLOW };
extern __thread bool thread_seated MEMPOOL_TLS_MODEL;
extern __thread _Atomic uint32_t thread_inside MEMPOOL_TLS_MODEL;
extern struct thread thread_none;   /* of a thread that never got or put */
extern struct thread thread_exited; /* of a thread whose caches were given back at its end */

/* Once per process, before the first pool. 0 or -errno. `ending` is called for each thread that
 * ends, while it can still get and put: it carries out deferred puts. */
int threads_init(void (*ending)(struct thread *thread));

/* The account places of threads without a current component: all 0. */
extern _Atomic(uint32_t) thread_no_accounts[THREAD_TABLES_ENTRIES];
/* Called for each thread that ends, or that ended with a fork, under threads_lock; may be NULL. */
extern void (*thread_retiring)(struct thread *thread);
/* Called for each thread that from now on is seated, under threads_lock: what lies beside its
 * caches, and is not its own any more; may be NULL. */
extern void (*thread_sitting_down)(struct thread *thread);

/* Attach the calling thread; blocks signals meanwhile. False: no memory (the thread then works
 * without caches until a later call succeeds). */
bool thread_attach(void);
/* A struct that nobody uses, or a new one, in use from now on, its door shut, for a thread of this
 * number, 0: none; `caches`: with tables. threads_lock is held. NULL: no memory. */
struct thread *thread_make(unsigned number, bool caches);
/* Empty every cache of a thread into its depot. The door is shut, the stage SLOW. `alone`: every
 * depot's lock is held already. */
void thread_return_caches(struct thread *thread, bool alone);
/* It has none any more. Where a hit that has no end left rounds in them, these are lost. */
void thread_give_up_caches(struct thread *thread);
/* Give the calling thread's caches back to the depots; the thread stays attached. */
void thread_flush(void);
/* Give the rounds back that the calling thread's caches hold, or its seat's, unless that has been
 * done for this sweep (pool/reclaim.h). */
void thread_empty_caches(uint32_t sweep);
/* Make the tables reach an offset that is not CACHE_OFFSET_NONE; the thread must be outside its
 * operations. False: no memory, or the seat is taken. */
bool thread_reach(struct thread *thread, uint32_t offset);

/* To where the table reaches now. Not to what `open` was: that would chain each hit to the one
 * before, and a handler may have made the table grow. */
MEMPOOL_HOT_INLINE void thread_open_door(struct thread *thread) {
    uint32_t table_bytes = load_relaxed(&thread->table_bytes);
    signal_fence();
    /* D1 pairs with D2: who finds the door open sees what was done behind it */
    store_release(&thread->open, table_bytes);
}

/* May the calling thread hit? */
MEMPOOL_HOT_INLINE bool thread_door_open(const struct thread *thread) {
    return MEMPOOL_LIKELY(load_folded(&thread->open) != 0);
}

/* Is this the record of a live object that this very thread got? No two threads answer yes at one
 * time: numbers are unique among those that run, and 0 is nobody's. */
MEMPOOL_HOT_INLINE bool thread_got(const struct thread *thread, uint64_t value) {
    return (((uint32_t)value ^ load_relaxed(&thread->own)) & RECORD_OWNER_MASK) == 0;
}

/* The door is shut and no handler of ours is meant by it: see THE DOOR. */
MEMPOOL_HOT_INLINE void thread_shut_door(struct thread *thread) {
    store_relaxed(&thread->open, 0);
    signal_fence();
}

static inline bool thread_attached(const struct thread *thread) {
    return thread != &thread_none && thread != &thread_exited;
}

/* Of an attached one, the caller: is it inside an operation? A handler asks. */
static inline bool thread_is_inside(const struct thread *thread) {
    return thread_seated ? load_relaxed(&thread_inside) != THREAD_OUTSIDE
                         : load_relaxed(&thread->open) == 0;
}

/* The stage of the operation that it is inside. */
static inline enum thread_stage thread_stage(const struct thread *thread) {
    bool fast = thread_seated ? load_relaxed(&thread_inside) == THREAD_INSIDE_FAST
                              : load_relaxed(&thread->stage) == THREAD_FAST;
    return fast ? THREAD_FAST : THREAD_SLOW;
}

extern char thread_no_heap_table[HEAP_TABLE_BYTES];
static inline bool thread_has_heap_table(const struct thread *thread) {
    return load_relaxed(&thread->heap_end) != thread_no_heap_table + HEAP_TABLE_BYTES;
}

/* Another thread's cache, for statistics: may be stale, is always readable; NULL: none. */
const struct cache *thread_peek(const struct thread *thread, uint32_t offset);

/* Is this a signal handler that interrupted a get or put of its own thread? That one may hold
 * locks of ours; another thread may hold the dynamic linker's and wait for one of them. */
static inline bool thread_interrupted(void) {
    const struct thread *thread = thread_current;
    return thread_attached(thread) && thread_is_inside(thread);
}

static inline struct cache *thread_cache(struct thread *thread, uintptr_t offset) {
    return (struct cache *)(void *)(load_folded(&thread->table) + offset);
}

/* The cache of one of the heap's classes, by its offset, which is less than 0. A thread without a
 * table of its own for them has one that is never written: its gates let nothing through. */
MEMPOOL_HOT_INLINE struct cache *thread_heap_cache(struct thread *thread, int32_t offset) {
    return (struct cache *)(void *)(load_folded(&thread->heap_end) + offset);
}

/* In slow paths: the cache of any offset, NULL: out of reach. The owner, or under threads_lock. */
static inline struct cache *thread_find_cache(struct thread *thread, uint32_t offset) {
    if (offset >= CACHE_OFFSET_HEAP) {
        return thread_has_heap_table(thread) ? thread_heap_cache(thread, (int32_t)offset) : NULL;
    }
    return offset < load_relaxed(&thread->table_bytes) ? thread_cache(thread, offset) : NULL;
}

/* All caches by number, for whoever must see each of them; NULL behind the last. */
static inline struct cache *thread_nth_cache(struct thread *thread, uint32_t nth) {
    uint32_t offset = nth * CACHE_BYTES;
    uint32_t bytes = load_relaxed(&thread->table_bytes);
    if (offset < bytes) {
        return thread_find_cache(thread, offset);
    }
    offset -= bytes;
    return offset < HEAP_TABLE_BYTES ? thread_find_cache(thread, offset + CACHE_OFFSET_HEAP) : NULL;
}

/* The newest mark; see cache/grace.h. */
extern _Atomic uint64_t grace_newest;

/* Its holder is outside its hits: it has read no record that it has yet to write. */
static inline void thread_pass(struct thread *thread) {
    /* G2 pairs with G1 in cache/grace.c: later hits see what was changed before the mark.
     * G4 pairs with G3 there: earlier ones are over for who sees that we have passed */
    store_release(&thread->passed, load_acquire(&grace_newest));
}

/* It hits on caches of its own no more. */
static inline void thread_pass_for_good(struct thread *thread) {
    /* G9 pairs with G3 in cache/grace.c: those hits are over */
    store_release(&thread->passed, UINT64_MAX);
}

/* After a barrier on all threads: is another thread outside the hits that began before it? */
static inline bool thread_outside_hits(const struct thread *thread) {
    /* D2 pairs with D1, D3: what was done behind the door is seen */
    return load_acquire(&thread->open) != 0 || load_acquire(&thread->stage) == THREAD_SLOW;
}

static inline struct thread *thread_of_door(_Atomic(uint32_t) *door) {
    return (struct thread *)((uintptr_t)door - offsetof(struct thread, open)); /* NOLINT: as told */
}

/* By processor: where its seats' `open` are; the second is for when the first is taken. */
enum { SEATS_EACH = 2, SEATS_MAX = 4096 /* processors; where there are more, none is used */ };
extern _Atomic(uint32_t) *_Atomic seat_doors[SEATS_EACH][SEATS_MAX];
extern uint32_t seats_n; /* processors */

struct thread *seat_take_second(void); /* of seat_take */

/* A seat of the processor that the calling thread runs on, its door shut; NULL: taken by others, or
 * there is none yet; or this is a handler that interrupted an operation of its own thread. The
 * thread is seated. */
MEMPOOL_HOT_INLINE struct thread *seat_take(void) {
    if (MEMPOOL_UNLIKELY(load_relaxed(&thread_inside) != THREAD_OUTSIDE)) {
        return NULL;
    }
    store_relaxed(&thread_inside, THREAD_INSIDE_FAST);
    signal_fence();
    _Atomic(uint32_t) *door = sys_processor_take(seat_doors[0], seats_n);
    return MEMPOOL_LIKELY(door != NULL) ? thread_of_door(door) : seat_take_second();
}

MEMPOOL_HOT_INLINE void seat_leave(struct thread *seat) {
    thread_open_door(seat);
    signal_fence();
    store_relaxed(&thread_inside, THREAD_OUTSIDE);
}

/* Whose caches the calling thread, attached and outside, may use now, the door shut: its own, or
 * those of a seat. NULL: there is none at hand. */
static inline struct thread *thread_enter(struct thread *self) {
    if (MEMPOOL_LIKELY(!thread_seated)) {
        thread_shut_door(self);
        /* Not if a handler was first, and the thread is seated since. */
        if (MEMPOOL_LIKELY(!thread_seated)) {
            return self;
        }
    }
    return seat_take();
}

/* The end of what thread_enter began. */
static inline void thread_leave(struct thread *holder) {
    if (MEMPOOL_UNLIKELY(thread_seated)) {
        seat_leave(holder);
    } else {
        thread_open_door(holder);
    }
}

/* From FAST to SLOW: from here on the caches are touched under their depot's lock only. */
static inline void thread_slow_down(struct thread *holder) {
    if (MEMPOOL_UNLIKELY(thread_seated)) {
        store_relaxed(&thread_inside, THREAD_INSIDE_SLOW);
    }
    signal_fence();
    /* D3 pairs with D2: as D1 */
    store_release(&holder->stage, THREAD_SLOW);
    thread_pass(holder);
}

/* End of an operation that was SLOW. */
static inline void thread_leave_slow(struct thread *holder) {
    signal_fence();
    store_relaxed(&holder->stage, THREAD_FAST);
    thread_leave(holder);
}

/* The first of all threads ever attached; then next_all. Lock-free. */
struct thread *threads_first(void);
/* The note of a thread's number, 0 .. THREAD_NUMBERS - 1. */
struct thread_note *thread_note(unsigned number);

/* Read the clock, publish it to depot_seconds and every thread's stamp; milliseconds since the
 * start. */
uint64_t thread_clock(void);
/* The same as a tick of whom thread_enter told, outside its hits: how many gets until the next. */
uint32_t thread_tick(struct thread *holder);
/* Let a new second begin now; its number, as records keep it. */
uint32_t thread_clock_step(void);
/* Seconds since a record's time, or -1 for time 0. */
int64_t thread_age(uint32_t record_seconds);

/* In the child of a fork: every other thread is gone, what they held goes to the depots. The
 * caller holds threads_lock and every depot's lock, but not space.lock. `stopped`: none was in a
 * hit (stop_all_caches); else the caches of those that were are given up as they are. */
void threads_child(bool stopped);

#endif
