/* SPDX-License-Identifier: MIT */
/* mempool_walk: every live object of a pool, in address order. */
#include "base/attributes.h"
#include "misuse/explain.h"
#include "pool/heap.h"
#include "pool/registry.h"

#include <errno.h>

struct walk {
    struct mempool *pool;
    int (*visit)(void *object, const struct mempool_description *description, void *arg);
    void *arg;
    size_t visited;
    bool ended;
};

/* The slots of one slab. The slab may be retired meanwhile, and its chunks go to another pool:
 * each slot is looked at afresh. */
static void walk_slab(struct walk *walk, const struct slab *slab) {
    const struct depot *depot = &walk->pool->depot;
    char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    for (uint32_t slot = 0; slot < depot->shape.slots && !walk->ended; slot++) {
        const record *slot_record = &slab_records(slab)[shape_record_index(&depot->shape, slot)];
        struct explanation explanation;
        if (!record_is_live(load_relaxed(slot_record))) {
            continue;
        }
        explain_address(start + (size_t)slot * depot->shape.stride, &explanation);
        const struct mempool_description *description = &explanation.description;
        if (description->state == MEMPOOL_STATE_LIVE && description->offset == 0 &&
            description->pool == walk->pool) {
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
    struct walk walk = {.pool = pool, .visit = visit, .arg = arg};
    if (pool == NULL || visit == NULL) {
        errno = EINVAL;
        return 0;
    }
    enum mempool_misuse_kind kind = pool_check(pool);
    if (kind != MEMPOOL_MISUSE_KINDS) {
        pool_report_handle(pool, kind, MEMPOOL_SITE());
        return 0;
    }
    size_t chunks = load_relaxed(&space.arena_used) >> CHUNK_SHIFT;
    for (size_t chunk = 0; chunk < chunks && !walk.ended; chunk++) {
        const struct descriptor *descriptor = &space.descriptors[chunk];
        const struct slab *slab = load_relaxed(&descriptor->slab);
        if (slab != NULL && load_relaxed(&descriptor->reciprocal) != 0 &&
            load_relaxed(&slab->owner) == &pool->depot &&
            load_relaxed(&slab->first_chunk) == chunk) {
            walk_slab(&walk, slab);
        }
    }
    if (!walk.ended) {
        walk.visited += heap_walk(pool, visit, arg, &walk.ended);
    }
    return walk.visited;
}
