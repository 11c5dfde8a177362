/* SPDX-License-Identifier: MIT */
/* What there is when recording begins. */
#include "account/books.h"
#include "pool/heap.h"
#include "pool/registry.h"
#include "record/recording.h"
#include "record/writer.h"

static void record_slot(const struct depot *depot, const void *object, record *slot_record) {
    if (!record_is_live(load_relaxed(slot_record))) {
        return;
    }
    if (depot->shape.tagged == 0) {
        writer_event(STREAM_LIVE, 0, (uintptr_t)object, depot->number, 0);
        return;
    }
    /* Just taken, it may have no tag yet, and will be told when it has. */
    uint64_t tag = load_relaxed(slot_tag(slot_record));
    uint32_t number = tag_account(tag);
    if (number != ACCOUNT_NONE && number < accounts_used()) {
        recording_account(number);
        writer_event(STREAM_LIVE_BLOCK, 0, (uintptr_t)object, number, (uint32_t)tag_bytes(tag));
    }
}

static void record_slab(const struct depot *depot, const struct slab *slab) {
    record *records = load_relaxed(&slab->records);
    const char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    for (uint32_t slot = 0; slot < depot->shape.slots; slot++) {
        record_slot(depot, start + (size_t)slot * depot->shape.stride,
                    &records[shape_record_index(&depot->shape, slot)]);
    }
}

static void record_depot(const struct mempool *pool) {
    const struct depot *depot = &pool->depot;
    if (!pool_is_heap_class(pool)) {
        recording_pool(pool, 0);
    }
    for (struct list *at = depot->slabs.next; at != &depot->slabs; at = at->next) {
        record_slab(depot, list_entry(at, struct slab, sibling));
    }
}

static void record_heap_object(const struct mempool *pool, const void *object) {
    writer_event(STREAM_LIVE, 0, (uintptr_t)object, pool->depot.number, 0);
}

void recording_existing(void) {
    for (uint32_t i = 0; i < registry_places(); i++) {
        const struct mempool *pool = registry_place(i);
        if (load_relaxed(&pool->depot.state) != DEPOT_UNUSED && !pool->depot.ended) {
            record_depot(pool);
        }
    }
    heap_each_locked(record_heap_object);
    for (uint32_t i = 0; i < registry_places(); i++) {
        const struct depot *depot = &registry_place(i)->depot;
        if (load_relaxed(&depot->state) == DEPOT_ZOMBIE && !depot->ended) {
            writer_event(STREAM_DESTROY, 0, 0, depot->number, 0);
        }
    }
}
