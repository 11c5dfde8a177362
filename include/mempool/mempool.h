/* SPDX-License-Identifier: MIT */
/* Object pools: create, get, put, inspect. */
#ifndef MEMPOOL_MEMPOOL_H
#define MEMPOOL_MEMPOOL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && defined(__GNUC__)
/* A struct and a function share a name, as stat and stat() do: no constructor is hidden. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#ifdef __cplusplus
extern "C" {
#define MEMPOOL_ALIGNOF(type) alignof(type)
#else
#define MEMPOOL_ALIGNOF(type) _Alignof(type)
#endif

/*
 * THEORY
 *
 * A pool hands out *objects* of one size. An object lies in a *slot*; equal slots lie side by side
 * in a *slab*; slabs come from the process's one *arena*. Each thread keeps a small *cache* of free
 * slots per pool, so that most gets and puts take no lock and touch nothing that another thread
 * writes. Every slot has an 8-byte *record* elsewhere in memory that says whether it is live, which
 * call site got (or put) it, on which thread and when. The record is what makes a second put, a put
 * of a pointer into the middle of an object, or a put of memory that is not ours a report instead
 * of a corruption; see <mempool/misuse.h>.
 *
 * Threads: every function here may be called from any thread, and any thread may put what another
 * got. Signals: mempool_get and mempool_put (and the bulk forms) may be called in a signal handler,
 * also one that interrupted one of them: they then work without the thread's cache, or are refused
 * with a report (MEMPOOL_MISUSE_REENTERED); they never hang and never corrupt.
 * Fork: parent and child both go on with their own copy of everything; see mempool(3).
 */

#define MEMPOOL_VERSION_MAJOR 0
#define MEMPOOL_VERSION_MINOR 1
#define MEMPOOL_VERSION_PATCH 0
#define MEMPOOL_VERSION "0.1.0"

/* Largest object and largest alignment, bytes. */
#define MEMPOOL_OBJECT_BYTES_MAX ((size_t)16 << 20)
#define MEMPOOL_ALIGN_MAX ((size_t)4096)

/* Longest pool name that statistics and reports keep, with its final NUL. */
#define MEMPOOL_NAME_BYTES 96

/* A pool: opaque, made by mempool_create, ended by mempool_destroy. */
struct mempool;

/* What a get does when `count` objects are out and none is free. */
enum mempool_on_empty {
    MEMPOOL_GROW = 0, /* take more slabs, up to `limit` if there is one (the default) */
    MEMPOOL_FAIL = 1, /* refuse: NULL and ENOMEM; the cap is `limit`, or `count` where limit is 0 */
    MEMPOOL_HEAP = 2, /* single allocations from malloc beyond `count`, as the classic does */
};

/* How to make a pool. Zero-fill it, set struct_size, and set what differs from the default. */
struct mempool_options {
    size_t struct_size;  /* sizeof(struct mempool_options) */
    const char *name;    /* what the objects are ("struct frame"); copied; NULL: "unnamed" */
    size_t object_bytes; /* 1 .. MEMPOOL_OBJECT_BYTES_MAX */
    size_t align;        /* a power of two up to MEMPOOL_ALIGN_MAX; 0: max_align_t's */
    size_t count;        /* objects to make ready in advance; 0: none */
    size_t limit;        /* the most that may be live at once, exactly; 0: no limit */
    enum mempool_on_empty on_empty;
    /* Called once for each slot before it is first handed out; its result is kept across put and
     * get (a put object must be in its constructed state). Non-zero refuses: the get returns NULL
     * with the errno that construct left. No lock is held: it may use any pool. */
    int (*construct)(void *object, void *arg);
    /* Called for each constructed slot before its memory goes back to the system. Likewise. */
    void (*destruct)(void *object, void *arg);
    void *arg;             /* passed to both */
    const char *component; /* who owns the pool; copied; NULL: the program's short name */
    unsigned flags;        /* MEMPOOL_UNCACHED, or 0 */
    unsigned reserved;     /* must be 0 */
};

/* Option flag: no thread keeps free objects of this pool; every get and put takes the pool's lock.
 * Slower, but no memory is idle in caches, and of two puts of one object that race the wrong one is
 * refused at once, not found out a little later (docs/design/racing-puts.md). */
#define MEMPOOL_UNCACHED 1u

/** mempool_create: make a pool.
 *  Shape:   a handle, valid until mempool_destroy; NULL on error.
 *  Errors:  EINVAL (NULL options, struct_size that this library cannot read, object_bytes 0 or too
 *           large, align not a power of two or too large, limit below count, MEMPOOL_FAIL with
 *           neither limit nor count, unknown flag, count x size overflows); ENOMEM.
 *  Threads: any.  Cost: a lock, and a slab descriptor per 64 KiB that `count` needs; the objects'
 *           own pages become resident when first used.        Since: 0.1 */
struct mempool *mempool_create(const struct mempool_options *options);

/** mempool_create_typed: what mempool_new calls.  Since: 0.1 */
struct mempool *mempool_create_typed(size_t object_bytes, size_t align, const char *type_name,
                                     size_t count);

/** mempool_new: make a growing pool of `type` objects with `count` ready; named after the type.
 *  Since: 0.1 */
#define mempool_new(type, count) \
    mempool_create_typed(sizeof(type), MEMPOOL_ALIGNOF(type), #type, (count))

/** mempool_get: take one object.
 *  Shape:   object_bytes bytes, aligned as asked (at least as max_align_t); contents undefined, or
 *           constructed if the pool has a constructor.
 *  Errors:  NULL with errno EINVAL (pool NULL, or destroyed: MEMPOOL_MISUSE_DEAD_POOL_GET),
 *           ENOMEM (limit reached, or no memory), what construct left, or EAGAIN (refused in a
 *           signal handler: MEMPOOL_MISUSE_REENTERED).
 *  Threads: any.
 *  Cost:    hit: no lock, no atomic read-modify-write. Miss: the pool's lock.
 *  Source:  Bonwick & Adams, USENIX 2001, section 3; docs/architecture.md.       Since: 0.1 */
void *mempool_get(struct mempool *pool);

/** mempool_get0: as mempool_get, with object_bytes bytes zeroed (not the padding behind them).
 *  On a pool with a constructor it zeroes what was constructed.   Since: 0.1 */
void *mempool_get0(struct mempool *pool);

/** mempool_put: give one object back; NULL is ignored; errno is preserved.
 *  Misuse:  every pointer that is not the start of a live object is refused and reported by kind;
 *           see <mempool/misuse.h>.
 *  Threads: any, also another than the one that got it.
 *  Cost:    hit: no lock, no atomic read-modify-write. Cache full: the pool's lock. Since: 0.1 */
void mempool_put(void *object);

/** mempool_get_bulk: take up to n objects.
 *  Shape:   how many were got; they are in objects[0 .. result). Fewer than n (0 included) with
 *           errno as of mempool_get.
 *  Cost:    one check of the cache per magazine, not per object.  Since: 0.1 */
size_t mempool_get_bulk(struct mempool *pool, void **objects, size_t n);

/** mempool_put_bulk: give n objects back; they may be of several pools; NULLs are ignored.
 *  A misused pointer among them is reported and skipped, the others are put.  Since: 0.1 */
void mempool_put_bulk(void *const *objects, size_t n);

/** mempool_destroy: end a pool.
 *  Shape:   how many objects were still live: 0 is clean. NULL: 0, nothing done. errno preserved.
 *  Live objects are reported (count, oldest, where most of them were got), stay valid, and may be
 *  put later; the pool's memory goes when the last of them is put.
 *  Misuse:  a second destroy: MEMPOOL_MISUSE_DEAD_POOL_DESTROY.   Since: 0.1 */
size_t mempool_destroy(struct mempool *pool);

/** mempool_of: the pool that a live object came from, or NULL: not the start of a live object.
 *  Threads: any.  Cost: as mempool_describe.      Since: 0.1 */
struct mempool *mempool_of(const void *address);

/* What an address is. */
enum mempool_state {
    MEMPOOL_STATE_FOREIGN = 0, /* no pool's memory */
    MEMPOOL_STATE_UNUSED = 1,  /* in the arena, where no slab is now */
    MEMPOOL_STATE_VIRGIN = 2,  /* a slot that was never handed out */
    MEMPOOL_STATE_LIVE = 3,    /* handed out, not put */
    MEMPOOL_STATE_FREE = 4,    /* put, waiting for the next get */
    MEMPOOL_STATE_TAIL = 5,    /* in a slab, behind its last slot */
};

/* One address explained. */
struct mempool_description {
    size_t struct_size; /* sizeof(struct mempool_description), set by the caller */
    enum mempool_state state;
    struct mempool *pool;                /* NULL where none, or where it is destroyed and gone */
    char pool_name[MEMPOOL_NAME_BYTES];  /* "component:type", "" where none */
    void *object;                        /* start of the slot's object */
    size_t offset;                       /* address - object */
    size_t object_bytes, padded_bytes;   /* as asked for; with padding */
    size_t slot;                         /* number of the slot within its slab */
    int heap;                            /* 1: a single allocation of a MEMPOOL_HEAP pool */
    int pool_destroyed;                  /* 1: the pool was destroyed while this was live */
    uintptr_t site;      /* where it was got (live) or put (free); a return address; 0: unknown */
    long thread;         /* kernel thread id of that get or put; 0: unknown */
    int thread_exited;   /* 1: that thread has ended */
    int64_t age_seconds; /* since then, coarse, see mempool(3); -1: unknown */
};

/** mempool_describe: explain any address.
 *  Shape:   0 and *ret filled; -EINVAL (ret NULL, or a struct_size this library cannot write).
 *  Threads: any; takes no lock that a hit takes; async-signal-safe but for HEAP pools' objects,
 *           which are described as foreign where the lock is taken.        Since: 0.1 */
int mempool_describe(const void *address, struct mempool_description *ret);

/* Counters of one pool. The first group is the classic's. While other threads use the pool, the
 * counts are those of some moment during the call, each by itself; at rest they are exact. */
struct mempool_stats {
    size_t struct_size; /* sizeof(struct mempool_stats), set by the caller */
    char name[MEMPOOL_NAME_BYTES]; /* "component:type" */
    size_t object_bytes;   /* as asked for */
    size_t padded_bytes;   /* what one slot takes */
    uint64_t hot;          /* live objects in slots */
    uint64_t cold;         /* free slots ready for a get: in caches, in the depot, in slabs */
    uint64_t alloc_count;  /* gets that returned an object, ever */
    uint64_t pool_misses;  /* most slots needed beyond `count`, heap allocations and refusals */
    uint64_t max_alloc;    /* highest number of live slots; docs/architecture.md states its skew */
    uint64_t curr_stdalloc; /* live heap allocations (MEMPOOL_HEAP) */
    uint64_t max_stdalloc;  /* highest number of those */
    /* ours */
    uint64_t put_count;    /* puts accepted, ever */
    uint64_t refused;      /* gets that returned NULL, ever */
    uint64_t count, limit; /* as asked for */
    uint64_t slabs;        /* slabs held */
    uint64_t slab_bytes;   /* address space of those, not all of it resident */
    uint64_t cached;       /* free objects in threads' caches */
    uint64_t depot;        /* free objects in the depot */
    uint64_t caches;       /* threads that hold a cache of this pool */
    uint64_t misuses;      /* misuse reports about this pool */
};

/** mempool_stats: read a pool's counters: 0, or -EINVAL (NULL, destroyed pool, bad struct_size).
 *  Threads: any; async-signal-safe. A pool that another thread destroys during the call counts as
 *           destroyed.
 *  Cost:    one visit to each thread's cache; twice the pool's lock, which no hit takes.
 *                                                                            Since: 0.1 */
int mempool_stats(const struct mempool *pool, struct mempool_stats *ret);

/** mempool_walk: visit every live object of a pool, in address order.
 *  Shape:   how many were visited. A non-zero result of `visit` ends the walk.
 *  Threads: any; other threads may get and put meanwhile: an object that is live throughout is
 *           visited once, one that comes or goes meanwhile may be visited or not. `visit` may put
 *           the object it is given; it must not destroy the pool.          Since: 0.1 */
size_t mempool_walk(struct mempool *pool,
                    int (*visit)(void *object, const struct mempool_description *description,
                                 void *arg),
                    void *arg);

/** mempool_list: visit every pool that exists (not the destroyed), newest first, at most those that
 *  existed at the call; returns how many were visited. Pools may be created and destroyed
 *  meanwhile, by `visit` too.  Since: 0.1 */
size_t mempool_list(int (*visit)(struct mempool *pool, void *arg), void *arg);

/** mempool_thread_flush: give the calling thread's caches back to the depots, as its exit does.
 *  Where threads share their processors' caches (MEMPOOL_CACHES in mempool(3)), those of the
 *  processor that it runs on.  Since: 0.1 */
void mempool_thread_flush(void);

/** mempool_trim: give free memory back to the system: other threads' idle caches, the depot, every
 *  slab that is then empty. `count` objects stay ready. Returns the bytes given back. NULL: every
 *  pool. Slow by design; memory also goes back by itself, bit by bit.  Since: 0.1 */
size_t mempool_trim(struct mempool *pool_or_null);

/** mempool_dump: write the statedump's [mempool] section (GlusterFS's keys) of every pool to fd.
 *  Shape:   0, or a negative errno of write(2). Allocates nothing, takes no lock that a hit takes;
 *           each pool's text is bounded.
 *  Threads: any. A pool that is destroyed meanwhile is in it whole, or not at all.  Since: 0.1 */
int mempool_dump(int fd);

/** mempool_version: MEMPOOL_VERSION of the library in use.  Since: 0.1 */
const char *mempool_version(void);

#ifdef __cplusplus
}
#endif
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif
