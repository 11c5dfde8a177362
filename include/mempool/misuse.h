/* SPDX-License-Identifier: MIT */
/* What a caller can do wrong, and what is done about it. */
#ifndef MEMPOOL_MISUSE_H
#define MEMPOOL_MISUSE_H

#include <mempool/mempool.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * THEORY
 *
 * A hit of get or put only notices that something is wrong; a cold classifier then finds out what,
 * and names it by one of the kinds below. What happens next is the kind's *action*: report (write
 * the report, refuse the operation, go on), abort (write the report, abort(3)), or callback (call
 * the program's function, refuse, go on). Refusing is always safe: the books are not in the memory
 * that callers can reach.
 *
 * The report's first line is stable and meant for machines:
 *
 *     mempool: misuse: double-put pool=main:inode obj=0x7f00 site=main+0x4f thread=17
 *
 * words after the kind are key=value, `pool` (- where unknown, blanks in its name as _), `obj`,
 * `site` (of this call), `thread` first in this order; more may follow. Indented lines after it
 * say what is known of the object's past, and what to do.
 *
 * The environment variable MEMPOOL_ON_MISUSE sets actions when the library is first used:
 * comma-separated kind=action, where kind may also be `all` or `foreign` (the group of the kinds
 * from `stack` to `non-canonical`), and action is report, abort or callback. A word that is not
 * known is itself reported, and the rest is honoured.
 */

enum mempool_misuse_kind {
    MEMPOOL_MISUSE_DOUBLE_PUT = 0,   /* double-put: the object is not live: it was put before */
    MEMPOOL_MISUSE_RACING_PUT,       /* racing-put: two threads put one object at the same time */
    MEMPOOL_MISUSE_WRONG_CALL,       /* wrong-call: put of a heap block, free of a pool's object */
    MEMPOOL_MISUSE_INTERIOR,         /* interior: inside an object, not at its start */
    MEMPOOL_MISUSE_PAST_END,         /* past-end: behind an object's end or the last slot */
    MEMPOOL_MISUSE_NEVER_GOT,        /* never-got: the start of a slot that was never handed out */
    MEMPOOL_MISUSE_RETURNED,         /* returned: where an object was; the slab went back */
    MEMPOOL_MISUSE_STACK,            /* stack: the calling thread's stack */
    MEMPOOL_MISUSE_GLOBAL,           /* global: the data or code of the program or a library */
    MEMPOOL_MISUSE_HEAP,             /* heap: the brk heap, as of malloc */
    MEMPOOL_MISUSE_MAPPED,           /* mapped: other mapped memory: mmap, large malloc, a stack */
    MEMPOOL_MISUSE_UNMAPPED,         /* unmapped: no memory there */
    MEMPOOL_MISUSE_TINY,             /* tiny: a small number, not an address */
    MEMPOOL_MISUSE_NON_CANONICAL,    /* non-canonical: no address of this machine */
    MEMPOOL_MISUSE_DEAD_OBJECT,      /* dead-object: not live, of a destroyed pool */
    MEMPOOL_MISUSE_DEAD_POOL_GET,    /* dead-pool-get: get from a destroyed pool */
    MEMPOOL_MISUSE_DEAD_POOL_DESTROY,/* dead-pool-destroy: a pool destroyed twice */
    MEMPOOL_MISUSE_NOT_A_POOL,       /* not-a-pool: the handle never was one */
    MEMPOOL_MISUSE_LIVE_AT_DESTROY,  /* live-at-destroy: a pool destroyed while objects are live */
    MEMPOOL_MISUSE_REENTERED,        /* reentered: refused in a signal handler */
    MEMPOOL_MISUSE_BAD_SETTING,      /* bad-setting: a word in the environment that means nothing */
    MEMPOOL_MISUSE_KINDS             /* how many */
};

enum mempool_misuse_action {
    MEMPOOL_MISUSE_REPORT = 0, /* write the report, refuse, go on */
    MEMPOOL_MISUSE_ABORT = 1,  /* write the report, abort */
    MEMPOOL_MISUSE_CALLBACK = 2, /* call the callback, do not write; report if none is set */
};
/* Defaults: abort for interior and past-end; report for the others. */

/* One misuse, as the callback sees it. */
struct mempool_misuse {
    size_t struct_size; /* bytes that this library filled */
    enum mempool_misuse_kind kind;
    const void *address;         /* what was passed */
    struct mempool *pool;        /* NULL where unknown */
    const char *pool_name;       /* "component:type", "-" where unknown */
    uintptr_t site;              /* this call's return address; 0: unknown */
    long thread;                 /* this thread's kernel id */
    int has_past;                /* 1: the fields below say who got or put the object before */
    struct mempool_description past;
    size_t live;                 /* live-at-destroy: how many */
    const char *text;            /* the whole report, lines ended by \n */
};

typedef void (*mempool_misuse_callback)(const struct mempool_misuse *misuse, void *arg);

/** mempool_misuse_action_set: what to do about one kind (MEMPOOL_MISUSE_KINDS: about every kind).
 *  0, or -EINVAL.  Threads: any.  Since: 0.1 */
int mempool_misuse_action_set(enum mempool_misuse_kind kind, enum mempool_misuse_action action);

/** mempool_misuse_configure: what the environment variable does, from text: 0, or -EINVAL with the
 *  words that mean nothing reported, the rest honoured.  Since: 0.1 */
int mempool_misuse_configure(const char *text);

/** mempool_misuse_callback_set: the function for kinds whose action is callback. It is called on
 *  the thread that misused, holding no lock; it may use any pool and may end the process; it must
 *  not leave by longjmp.  Since: 0.1 */
void mempool_misuse_callback_set(mempool_misuse_callback callback, void *arg);

/** mempool_misuse_sink_set: file descriptor that reports are written to; -1: none. Default 2.
 *  Since: 0.1 */
void mempool_misuse_sink_set(int fd);

/** mempool_misuse_count: misuses of one kind so far (MEMPOOL_MISUSE_KINDS: of all). Since: 0.1 */
uint64_t mempool_misuse_count(enum mempool_misuse_kind kind);

/** mempool_misuse_name: a kind's word ("double-put"), or NULL.  Since: 0.1 */
const char *mempool_misuse_name(enum mempool_misuse_kind kind);

#ifdef __cplusplus
}
#endif
#endif
