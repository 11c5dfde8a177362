/* SPDX-License-Identifier: MIT */
/* mempool_walk: every live object of a pool, in address order. */
#include "base/attributes.h"
#include "misuse/explain.h"
#include "pool/heap.h"
#include "pool/registry.h"
#include "pool/view.h"

#include <errno.h>

struct walk {
    struct pool_view view;
    int (*visit)(void *object, const struct mempool_description *description, void *arg);
    void *arg;
    size_t visited;
    bool ended;
};

/* The records of the slab that begins at a chunk, if it is one of the pool's; else NULL. */
static const record *find_records(const struct walk *walk, size_t chunk) {
    struct depot *depot = &walk->view.pool->depot;
    const struct descriptor *descriptor = &space.descriptors[chunk];
    const struct slab *slab = load_relaxed(&descriptor->slab);
    const record *records = NULL;
    struct sys_signals before;
    if (slab == NULL || load_relaxed(&descriptor->reciprocal) == 0 ||
        load_relaxed(&slab->owner) != depot) {
        return NULL;
    }
    sys_signals_block(&before);
    sys_lock_take(&depot->lock);
    if (pool_view_holds(&walk->view) && load_relaxed(&slab->owner) == depot &&
        load_relaxed(&slab->first_chunk) == chunk) {
        records = slab_records(slab);
    }
    sys_lock_drop(&depot->lock);
    sys_signals_restore(&before);
    return records;
}

/* The slots of one slab. The slab may be retired meanwhile, and its chunks go to another pool:
 * each slot is looked at afresh. */
static void walk_slab(struct walk *walk, const record *records, char *start) {
    const struct shape *shape = &walk->view.shape;
    for (uint32_t slot = 0; slot < shape->slots && !walk->ended; slot++) {
        struct explanation explanation;
        if (!record_is_live(load_relaxed(&records[shape_record_index(shape, slot)]))) {
            continue;
        }
        explain_address(start + (size_t)slot * shape->stride, &explanation);
        const struct mempool_description *description = &explanation.description;
        if (description->state == MEMPOOL_STATE_LIVE && description->offset == 0 &&
            description->pool == walk->view.pool) {
            walk->visited++;
            walk->ended = walk->visit(description->object, description, walk->arg) != 0;
        }
    }
}

MEMPOOL_API size_t mempool_walk(struct mempool *pool,
                                int (*visit)(void *object,
                                             const struct mempool_description *description,
                                             void *arg),
                                void *arg) {
    struct walk walk = {.visit = visit, .arg = arg};
    if (pool == NULL || visit == NULL) {
        errno = EINVAL;
        return 0;
    }
    enum mempool_misuse_kind kind = pool_check(pool);
    if (kind == MEMPOOL_MISUSE_KINDS && !pool_view_take(pool, &walk.view)) {
        kind = MEMPOOL_MISUSE_DEAD_POOL_GET; /* destroyed in between */
    }
    if (kind != MEMPOOL_MISUSE_KINDS) {
        pool_report_handle(pool, kind, MEMPOOL_SITE());
        return 0;
    }
    size_t chunks = load_relaxed(&space.arena_used) >> CHUNK_SHIFT;
    for (size_t chunk = 0; chunk < chunks && !walk.ended; chunk++) {
        const record *records = find_records(&walk, chunk);
        if (records != NULL) {
            walk_slab(&walk, records, space_chunk_address((uint32_t)chunk));
        }
    }
    if (!walk.ended) {
        walk.visited += heap_walk(pool, visit, arg, &walk.ended);
    }
    return walk.visited;
}
