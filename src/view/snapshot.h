/* SPDX-License-Identifier: MIT */
/* A snapshot: all that is known of a process's pools and accounts at one moment, as plain data.
 *
 * THEORY
 *
 *      the process itself     (publish/self.h)   --.
 *      another process        (inspect/process.h)  +--> snapshot_take --> struct snapshot
 *      a core file            (inspect/core.h)   --'                           |
 *      a file of JSON         (inspect/file.h)   ------------------------------'
 *                                                                              |
 *      JSON, OpenMetrics, pprof, folded stacks, statedump, tables, `top`  <----'
 *
 * One walk makes it, and everything else only formats it: so all of them say the same. It is read
 * through a *source* of the process's memory (view/source.h), by the description of the library's
 * structs that the process publishes (view/publication.h), so that a reader need not be of the same
 * version. Nothing is asked of the process and nothing in it is stopped: a process that hangs, is
 * stopped, or is dead answers as well. Of one that runs, each number is that of some moment during
 * the walk; of one that stands still, all are exact.
 *
 * Whatever a source says is taken for a lie until it is checked: counts are bounded, lists are
 * followed only so far, names are copied and made printable.
 *
 * All memory of a snapshot is its own and goes with snapshot_free; texts are never NULL, and hold
 * no control characters. */
#ifndef MEMPOOL_VIEW_SNAPSHOT_H
#define MEMPOOL_VIEW_SNAPSHOT_H

#include "view/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SNAPSHOT_AGES = 6,     /* below 10 s, 1 min, 10 min, 1 h, 1 day; older */
    SNAPSHOT_FRAMES = 64,  /* of a sampled call stack, at most */
    SNAPSHOT_NONE = -1,    /* no index */
    SNAPSHOT_KINDS = 32,   /* room for kinds of misuse */
};

/* The upper bounds of the first five, seconds; the last has none. */
extern const int64_t snapshot_age_limits[SNAPSHOT_AGES - 1];

enum snapshot_source {
    SNAPSHOT_OF_PROCESS = 0, /* that runs, or stands still */
    SNAPSHOT_OF_CORE = 1,
};

enum snapshot_pool_kind {
    SNAPSHOT_POOL = 0,       /* one of the program's */
    SNAPSHOT_HEAP_CLASS = 1, /* the slots of one size class of the accounted heap */
    SNAPSHOT_ZOMBIE = 2,     /* destroyed while objects were live */
};

/* What a pool is and counts; the counters are those of struct mempool_stats (mempool(3)). */
struct snapshot_pool {
    uint64_t address;       /* the handle, in the process */
    uint32_t number;        /* of its place; others have had it before */
    uint64_t serial;        /* order of creation: with number, names it for good */
    const char *name;       /* "component:type" */
    int32_t component;      /* index in components; SNAPSHOT_NONE: of none, as classes are */
    enum snapshot_pool_kind kind;
    uint32_t on_empty;      /* enum mempool_on_empty */
    bool is_uncached, is_tight, has_constructor;
    uint64_t object_bytes, padded_bytes, align;
    uint64_t count, limit;  /* as asked for; 0: none */
    uint64_t hot, cold, refused, pool_misses, max_alloc;
    uint64_t alloc_count, put_count; /* 0 of classes, whose hits the accounts count */
    uint64_t curr_stdalloc, max_stdalloc;
    uint64_t slabs, slab_bytes, slots;
    uint64_t cached, depot, caches;
    uint64_t misuses;
    uint32_t magazine_rounds; /* of magazines to come: what traffic made of them */
};

struct snapshot_component {
    uint64_t address;
    const char *name;
    uint32_t generation; /* of the name, from 1 */
    bool ended;
    int32_t parent;      /* index, or SNAPSHOT_NONE: the process's */
    uint64_t live_bytes, live_blocks; /* of its accounts */
    uint64_t pool_bytes;              /* slabs of its pools */
    uint64_t charged_bytes;           /* against its limits: with all below it, grants included */
    uint64_t soft_bytes, hard_bytes;  /* limits; 0: none */
    uint64_t refused;
};

/* What one component holds of one type on the accounted heap (struct mempool_account). */
struct snapshot_account {
    uint32_t number;
    int32_t component;   /* index; never NONE */
    const char *type;
    uint64_t live_bytes, live_blocks, peak_bytes, peak_blocks, total_blocks, total_frees;
};

struct snapshot_thread {
    uint32_t number;      /* the library's; 0: none was free */
    int64_t id;           /* the kernel's */
    const char *name;
    bool is_processor;        /* no thread, but what those on one processor share: "processor 1" */
    int64_t attached_seconds; /* ago */
    uint64_t caches;          /* that it has, of pools and classes */
    uint64_t cached_objects, cached_bytes; /* free slots in them, with padding */
    uint64_t granted_bytes; /* of accounts, not used: see mempool_account(3) */
};

/* Live objects and blocks that one call site got of one pool or account. */
struct snapshot_group {
    int32_t pool, account; /* index of the one, the other SNAPSHOT_NONE; both NONE: what found no
                            * place in the table ("(rest)"), or whose owner is not known */
    const char *what;      /* "component:type" as text */
    uint64_t site;         /* code address; 0: unknown */
    int32_t image;         /* index, or SNAPSHOT_NONE */
    uint64_t offset;       /* of the site in the image's file, as if not moved at loading */
    const char *symbol;    /* "function+0x12", or "library.so+0x1234", or the number */
    uint64_t count, bytes; /* bytes as asked for */
    int64_t oldest_seconds; /* unknown ages count as 0 */
    uint64_t ages[SNAPSHOT_AGES]; /* objects; an unknown age counts as young */
};

/* A file whose code or data the process has mapped. */
struct snapshot_image {
    const char *path;
    const char *build_id; /* hexadecimal; "": none, or not looked for */
    uint64_t start, end;  /* where it lies in the process */
};

/* Live objects that were sampled at one call stack (docs/design/sampling.md). Counts are estimates:
 * each sample stands for as many bytes as lie between samples. */
struct snapshot_stack {
    int32_t pool, account; /* as in a group */
    const char *what;
    uint64_t frames[SNAPSHOT_FRAMES]; /* return addresses, innermost first */
    uint32_t n_frames;
    uint64_t samples;      /* live objects that were sampled */
    uint64_t count, bytes; /* estimated live objects and bytes */
};

/* The slots of one slab. */
struct snapshot_slab {
    int32_t pool;            /* index; never NONE */
    uint64_t address, bytes; /* with what is behind the last slot */
    uint32_t slots;
    const char *records;     /* see view/slots.h: states, sites, threads, ages, accounts */
};

/* The live single allocations of one pool. */
struct snapshot_heap_list {
    int32_t pool; /* index; never NONE */
    uint64_t count;
    const char *records; /* with addresses */
};

/* The thread that records name by a number. */
struct snapshot_thread_note {
    uint32_t number;
    int64_t id;               /* the kernel's */
    const char *name;         /* what is not printable as `\xHH` */
    bool has_exited;
    int64_t attached_seconds; /* ago; older records are by another one, which has ended */
};

/* What a code address is; see snapshot_group for the words. */
struct snapshot_symbol {
    uint64_t address;
    int32_t image;
    uint64_t offset;
    const char *symbol;
};

/* struct mempool_ledger (mempool_observe(3)). */
struct snapshot_ledger {
    bool is_known; /* false: `resident`, `free`, and what follows `records` are not (a core file) */
    uint64_t resident, live, padding, cached, free, untouched, records, libc_heap, files, stack,
        named, unexplained;
};

struct snapshot_misuse {
    const char *kind; /* "double-put" */
    uint64_t count;
};

struct snapshot {
    struct view_memory memory;
    /* the process */
    enum snapshot_source source;
    int64_t pid;
    const char *program;          /* its short name */
    const char *version;          /* of the library in it */
    int64_t taken_seconds;        /* when, since 1970 */
    uint32_t taken_microseconds;
    uint64_t uptime_seconds;      /* since the first pool; of a core, as its clock had it last */
    uint64_t arena_start;         /* 0: not known, as in old files */
    uint64_t arena_bytes;         /* address space that slabs were ever cut from */
    uint64_t slabs_bytes;         /* of all pools' slabs, classes' included */
    /* what it has */
    struct snapshot_pool *pools;  /* newest first, as mempool_list; then classes; then zombies */
    size_t n_pools;
    struct snapshot_component *components; /* in order of creation; the first is the process's */
    size_t n_components;
    struct snapshot_account *accounts;     /* that ever had a block, oldest first */
    size_t n_accounts;
    struct snapshot_thread *threads; /* that run, and processors */
    size_t n_threads;
    size_t n_running;                /* of them: threads */
    struct snapshot_misuse *misuses; /* every kind, in order of number */
    size_t n_misuses;
    /* only where they were asked for, and could be read */
    bool has_groups;
    struct snapshot_group *groups;         /* most bytes first */
    size_t n_groups;
    bool has_stacks;
    uint64_t sample_bytes;                 /* mean bytes between samples; 0: sampling is off */
    uint64_t samples_dropped;              /* that had no room, ever */
    struct snapshot_stack *stacks;         /* most bytes first */
    size_t n_stacks;
    struct snapshot_image *images;         /* by address */
    size_t n_images;
    struct snapshot_symbol *symbols;       /* of the addresses in stacks; by address, each once */
    size_t n_symbols;
    bool has_objects;
    struct snapshot_slab *slabs;           /* by address; what is in none is unused */
    size_t n_slabs;
    struct snapshot_heap_list *heap_lists;
    size_t n_heap_lists;
    struct snapshot_symbol *sites;         /* that records name by number; in no order */
    size_t n_sites;
    struct snapshot_thread_note *thread_notes;
    size_t n_thread_notes;
    struct snapshot_ledger ledger;
};

/* What to read beside the counters. */
enum {
    SNAPSHOT_WANT_GROUPS = 1, /* reads every record */
    SNAPSHOT_WANT_STACKS = 2,
    SNAPSHOT_WANT_OBJECTS = 4, /* reads every record, and keeps it */
};

struct snapshot_options {
    unsigned want;
    uint32_t since;           /* groups: only what is younger than this mark; 0: all */
    uint32_t min_age_seconds; /* groups: only what is at least so old */
};

/* Why there is none. */
struct snapshot_error {
    int code;       /* negative errno: -ENOMEM, -EBADMSG: damaged, or not what we can read;
                     * -EPERM; or what the source said */
    char text[256]; /* one line, for people */
};

struct view_source;

/** snapshot_take: read everything through a source.
 *  Shape:   *ret to be given back by snapshot_free, 0; or a negative errno, *error filled.
 *  Groups and sites come without image, offset and symbol (these are "" and the address as a
 *  number), in images nothing: who knows the process's mappings adds them. The ledger has the parts
 *  that books tell: live, padding, cached.
 *  Threads: any; takes no lock of the library.
 *  Cost:    counters: a visit to each thread's table of caches; groups, objects: some nanoseconds a
 *           slot. */
int snapshot_take(struct snapshot **ret, struct view_source *source,
                  const struct snapshot_options *options, struct snapshot_error *error);

/** snapshot_new: an empty one, for who fills it by other means; NULL: no memory. */
struct snapshot *snapshot_new(void);

/** snapshot_free: NULL is ignored. */
void snapshot_free(struct snapshot *snapshot);

/** snapshot_symbol_at: what is known of a code address of a stack; NULL: nothing. */
const struct snapshot_symbol *snapshot_symbol_at(const struct snapshot *snapshot, uint64_t address);

#endif
