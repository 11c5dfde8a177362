/* SPDX-License-Identifier: MIT */
/* Who holds which memory: components, types, and a heap whose every block says so. */
#ifndef MEMPOOL_ACCOUNT_H
#define MEMPOOL_ACCOUNT_H

#include <mempool/mempool.h>

#include <stdarg.h>

#if defined(__cplusplus) && defined(__GNUC__)
/* A struct and a function share a name, as stat and stat() do: no constructor is hidden. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#ifdef __cplusplus
extern "C" {
#endif

/*
 * THEORY
 *
 * A *component* is who owns memory: a module, a plug-in, a tenant. Components form a tree; the
 * process has one from the start. Each thread has a current component, which it enters and leaves;
 * a new thread begins in the process's. What is allocated belongs to the current component of that
 * moment, and stays its own whoever frees it, and when.
 *
 * A *type* is what memory is for, by the caller's own text. Types need no declaration.
 *
 * Component and type together are an *account*. There is room for 65,534; what would be charged to
 * one more goes to the component's account of type "other" if it has one, else to that of the
 * process, for which a place is kept.
 *
 * Blocks of the accounted heap lie in slots like pools' objects, with a record each (who, where,
 * when), and beside it a tag: account and bytes asked for. So a double free, a pointer into the
 * middle or a foreign one is refused and reported exactly as for pools, and counters are right
 * whoever frees. Nothing lies inside or beside blocks.
 *
 * Counters are kept per thread and summed when they are read. At rest they are exact, but for
 * peaks; while threads run, each is that of some moment during the call. Threads draw on a
 * component's limit, and note an account's peak, by the grant: see struct mempool_limits, struct
 * mempool_account.
 *
 * Threads: any function from any thread. Signals: none of these in handlers.
 */

struct mempool_component;
struct mempool_type;

/* Longest component or type name that is kept, with its final NUL. */
#define MEMPOOL_ACCOUNT_NAME_BYTES 48

/* ---- components -------------------------------------------------------------------------- */

/** mempool_component_create: a new component under `parent` (NULL: the process's).
 *  Shape:   never NULL but for want of memory. A name that was used before is a further generation
 *           of it, with books of its own. It lives as long as the process: books stay readable.
 *  Errors:  NULL with EINVAL (name NULL or empty) or ENOMEM.
 *  Cost:    a lock, and 16 KiB of addresses, of which what is used stays.    Since: 0.1 */
struct mempool_component *mempool_component_create(const char *name,
                                                   struct mempool_component *parent);

/** mempool_component_end: the module is unloaded. Its memory that is live stays valid and on its
 *  books, which say `ended`; what would be charged to it from now on goes to the nearest one above
 *  that has not ended. Returns how many of its blocks are still live; 0 for NULL, and for the
 *  process's, which does not end.                                            Since: 0.1 */
size_t mempool_component_end(struct mempool_component *component);

/** mempool_component_process: the component that the process began with, named as the program.
 *  NULL for want of memory only.                                             Since: 0.1 */
struct mempool_component *mempool_component_process(void);

/** mempool_component_enter: make a component the calling thread's current one (NULL: the
 *  process's; one that has ended: the nearest above that has not); returns the one before, for
 *  mempool_component_leave. Without memory for the thread's own table nothing changes.
 *  Cost:    no lock but at the thread's first call.                          Since: 0.1 */
struct mempool_component *mempool_component_enter(struct mempool_component *component);

/** mempool_component_leave: make current again what enter returned (NULL: the process's).
 *                                                                            Since: 0.1 */
void mempool_component_leave(struct mempool_component *before);

/** mempool_component_current: the calling thread's; NULL for want of memory only.  Since: 0.1 */
struct mempool_component *mempool_component_current(void);

/* Limits on the bytes of a component, all below it included: its pools' slabs and its blocks.
 * A thread draws on a limit in grants of at most 1/256 of it or 16 KiB, whichever is less, and
 * keeps at most four of one account; before it is refused, and when it sets a limit, it gives back
 * what it keeps of all. So charges never pass the hard limit, and one may be refused while as much
 * is unused as other threads keep: at most four grants for each of them and each account that it
 * uses. What was charged before a limit was set, or lowered, stays. */
struct mempool_limits {
    size_t struct_size;  /* sizeof(struct mempool_limits) */
    uint64_t soft_bytes; /* 0: none. When first passed, and again after it was fallen below: */
    void (*soft_passed)(struct mempool_component *component, uint64_t bytes, void *arg);
    void *arg;           /* the callback holds no lock, and may allocate and free */
    uint64_t hard_bytes; /* 0: none. Beyond it: NULL and ENOMEM */
};

/** mempool_component_limit: set both limits anew, or take both away (`limits` NULL).
 *  Shape:   0, or -EINVAL (component NULL, struct_size too small, a limit above INT64_MAX).
 *                                                                            Since: 0.1 */
int mempool_component_limit(struct mempool_component *component,
                            const struct mempool_limits *limits);

/* ---- types ------------------------------------------------------------------------------- */

/** mempool_type: the handle of a type, registered on first use; the same text, the same handle.
 *  Shape:   NULL: "untyped". When no more can be registered (4096 in all): the handle of "other".
 *           NULL for want of memory at the first use only; allocations take that as "untyped".
 *  Cost:    no lock where it is registered; a look into a hash table.        Since: 0.1 */
struct mempool_type *mempool_type(const char *name);

/* The same, looked up once at each place in the program: a text that is always the same there. */
#if defined(__GNUC__)
#define MEMPOOL_TYPE(text)                                                     \
    (__extension__({                                                           \
        static struct mempool_type *mempool_type_here;                         \
        struct mempool_type *mempool_type_now =                                \
            __atomic_load_n(&mempool_type_here, __ATOMIC_ACQUIRE);             \
        if (__builtin_expect(mempool_type_now == 0, 0)) {                      \
            mempool_type_now = mempool_type(text);                             \
            __atomic_store_n(&mempool_type_here, mempool_type_now, __ATOMIC_RELEASE); \
        }                                                                      \
        mempool_type_now;                                                      \
    }))
#else
#define MEMPOOL_TYPE(text) mempool_type(text)
#endif

/* ---- the accounted heap ------------------------------------------------------------------ */

/** mempool_malloc_typed: a block of `bytes` bytes (0: a valid one of the least size).
 *  Shape:   aligned as max_align_t; contents undefined.
 *  Errors:  NULL with ENOMEM: no memory, more than 2 GiB, or a hard limit of the component or of
 *           one above it.
 *  Cost:    hit (up to 64 KiB, and `type` not NULL): no lock, no atomic read-modify-write.
 *  Rounding: to a multiple of 16 up to 128 bytes, above by less than 12.5 %.  Since: 0.1 */
void *mempool_malloc_typed(size_t bytes, struct mempool_type *type);

/** mempool_calloc_typed: n x bytes, zeroed; ENOMEM where the product overflows.  Since: 0.1 */
void *mempool_calloc_typed(size_t n, size_t bytes, struct mempool_type *type);

/** mempool_aligned_typed: `align` a power of two up to 4096 (else NULL with EINVAL). Rounded up to
 *  a size that is a multiple of it: the next power of two, at most.          Since: 0.1 */
void *mempool_aligned_typed(size_t align, size_t bytes, struct mempool_type *type);

/** mempool_realloc: change a block's size; component and type stay the block's own.
 *  Shape:   the block, moved or not, its contents up to the smaller size; NULL block: a new one of
 *           type "untyped"; 0 bytes: a valid block of the least size. It counts neither as a block
 *           nor as a free. An alignment above max_align_t's is lost where the block moves.
 *  Errors:  NULL with ENOMEM, and the block is as it was; not where it shrinks. What is no live
 *           block is reported as by mempool_free, and NULL with EINVAL returned.  Since: 0.1 */
void *mempool_realloc(void *block, size_t bytes);

/** mempool_free: give a block back; NULL is ignored; errno is preserved.
 *  Misuse:  every pointer that is not a live block is refused and reported by kind, as by
 *           mempool_put; an object of a pool is MEMPOOL_MISUSE_WRONG_CALL.
 *  Cost:    hit: no lock, no atomic read-modify-write.                        Since: 0.1 */
void mempool_free(void *block);

/** mempool_usable_bytes: bytes of a block that may be used, at least those asked for; 0: no live
 *  block (NULL included).                                                     Since: 0.1 */
size_t mempool_usable_bytes(const void *block);

/** mempool_strdup_typed: a copy of a text; errors as mempool_malloc_typed's.  Since: 0.1 */
char *mempool_strdup_typed(const char *text, struct mempool_type *type);

/** mempool_strndup_typed: of its first n bytes at most, and a NUL.           Since: 0.1 */
char *mempool_strndup_typed(const char *text, size_t n, struct mempool_type *type);

/** mempool_memdup_typed: a copy of n bytes.                                  Since: 0.1 */
void *mempool_memdup_typed(const void *bytes, size_t n, struct mempool_type *type);

/** mempool_vasprintf_typed: *ret is a new block with the text; its length, or -1 (and *ret NULL)
 *  with ENOMEM, or what vsnprintf left.                                      Since: 0.1 */
int mempool_vasprintf_typed(char **ret, struct mempool_type *type, const char *format, va_list list)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 0)))
#endif
    ;
/** mempool_asprintf_typed: likewise.                                         Since: 0.1 */
int mempool_asprintf_typed(char **ret, struct mempool_type *type, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* With the type as text, looked up once at each place. */
#define mempool_malloc(bytes, type) mempool_malloc_typed((bytes), MEMPOOL_TYPE(type))
#define mempool_calloc(n, bytes, type) mempool_calloc_typed((n), (bytes), MEMPOOL_TYPE(type))
#define mempool_aligned(align, bytes, type) \
    mempool_aligned_typed((align), (bytes), MEMPOOL_TYPE(type))
#define mempool_strdup(text, type) mempool_strdup_typed((text), MEMPOOL_TYPE(type))
#define mempool_strndup(text, n, type) mempool_strndup_typed((text), (n), MEMPOOL_TYPE(type))
#define mempool_memdup(bytes, n, type) mempool_memdup_typed((bytes), (n), MEMPOOL_TYPE(type))
#define mempool_asprintf(ret, type, ...) \
    mempool_asprintf_typed((ret), MEMPOOL_TYPE(type), __VA_ARGS__)
#define mempool_vasprintf(ret, type, format, list) \
    mempool_vasprintf_typed((ret), MEMPOOL_TYPE(type), (format), (list))

/* ---- reading the books ------------------------------------------------------------------- */

/* One account: what one component holds of one type. */
struct mempool_account {
    size_t struct_size;
    struct mempool_component *component;
    struct mempool_type *type;
    const char *component_name, *type_name; /* as long as the process lives */
    unsigned generation;     /* of the component's name, from 1 */
    int ended;               /* 1: mempool_component_end was called */
    uint64_t live_bytes;     /* asked for and not freed */
    uint64_t live_blocks;
    uint64_t peak_bytes;     /* exact while one thread uses it; with more, wrong by at most what
                              * all of them keep granted, and what comes and goes within 100 ms:
                              * see mempool_account(3) */
    uint64_t peak_blocks;    /* likewise */
    uint64_t total_blocks;   /* allocations, ever; a realloc is none */
    uint64_t total_frees;
};

/** mempool_accounts: visit all accounts that ever had a block, oldest first; how many were visited.
 *  A non-zero result of `visit` ends it. No lock is held meanwhile. `visit` NULL: 0 with EINVAL.
 *                                                                            Since: 0.1 */
size_t mempool_accounts(int (*visit)(const struct mempool_account *account, void *arg), void *arg);

/* One component's sums over its accounts, without those of the components below it. */
struct mempool_component_stats {
    size_t struct_size;
    const char *name;
    unsigned generation;
    int ended;
    struct mempool_component *parent; /* NULL: the process's */
    uint64_t live_bytes, live_blocks; /* of the heap */
    uint64_t pool_bytes;              /* slabs of its pools */
    uint64_t charged_bytes;           /* against its limits: with all below it, grants included */
    uint64_t refused;                 /* blocks, for its hard limit */
};

/** mempool_component_stats: 0, or -EINVAL (a NULL, or struct_size too small).  Since: 0.1 */
int mempool_component_stats(const struct mempool_component *component,
                            struct mempool_component_stats *ret);

/* One block explained. */
struct mempool_block {
    size_t struct_size;
    void *block;
    size_t bytes;        /* asked for */
    size_t usable_bytes;
    struct mempool_component *component;
    struct mempool_type *type;
    uintptr_t site;      /* where it was allocated; the rest as in struct mempool_description */
    long thread;
    int thread_exited;
    int64_t age_seconds;
};

/** mempool_block_describe: 0, or -EINVAL: not the start of a live block.     Since: 0.1 */
int mempool_block_describe(const void *address, struct mempool_block *ret);

#ifdef __cplusplus
}
#endif
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif
