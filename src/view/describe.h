/* SPDX-License-Identifier: MIT */
/* One address in a process, explained through a source: whose it is, who got it, where, and when.
 *
 * The same answers as mempool_describe gives inside (misuse/explain.h), read from outside; and of a
 * block of the accounted heap its account and the bytes that were asked for. */
#ifndef MEMPOOL_VIEW_DESCRIBE_H
#define MEMPOOL_VIEW_DESCRIBE_H

#include "view/snapshot.h"
#include "view/source.h"

#include <mempool/mempool.h>

enum { VIEW_WHAT_BYTES = 160, VIEW_THREAD_BYTES = 32 };

struct view_description {
    uint64_t address;
    enum mempool_state state;
    uint64_t pool;              /* the handle; 0: none, or of the accounted heap's own */
    char what[VIEW_WHAT_BYTES]; /* "component:type" of the pool, or of the block's account; "" */
    bool is_block;              /* of the accounted heap */
    bool is_heap;               /* a single allocation of a MEMPOOL_HEAP pool */
    bool is_pool_destroyed;
    uint64_t object, offset; /* of the slot's start, and of the address behind it */
    uint64_t object_bytes;   /* as asked for; of a block that is not live as its slot has room */
    uint64_t padded_bytes;
    uint64_t slot;  /* number within its slab */
    uint64_t site;  /* low 32 bits; of the get (live) or put (free); 0: unknown */
    int64_t thread; /* kernel's number of that thread; 0: unknown */
    char thread_name[VIEW_THREAD_BYTES];
    bool has_thread_exited;
    int64_t age_seconds; /* since then, coarse; -1: unknown */
};

/** view_describe: explain any address.
 *  Shape:   0 and *ret filled; or a negative errno, *error filled, *ret as it was.
 *  Threads: any; takes no lock of the library. What changes meanwhile is read again a few times,
 *           then told as it was last. */
int view_describe(struct view_description *ret, struct view_source *source, uint64_t address,
                  struct snapshot_error *error);

#endif
