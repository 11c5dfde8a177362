/* SPDX-License-Identifier: MIT */
/* Any address explained from the books. */
#include "misuse/explain.h"

#include "cache/thread.h"
#include "sample/table.h"

#include <string.h>

void explain_past(uint64_t record_value, struct mempool_description *ret) {
    unsigned number = record_thread(record_value);
    (void)thread_clock(); /* the time of the last tick may be long ago */
    uint32_t site = record_site(record_value);
    ret->site = site != 0 ? sys_code_address(site, !thread_interrupted()) : 0;
    ret->age_seconds = thread_age(record_time(record_value));
    ret->thread = 0;
    ret->thread_exited = 0;
    if (number == 0) {
        return;
    }
    const struct thread_note *note = thread_note(number);
    /* A number passes to another thread after the first one's end: if the note is younger than
     * the record, it is not about who wrote it. */
    int64_t note_age = load_relaxed(&depot_seconds) - load_relaxed(&note->attached_seconds);
    if (ret->age_seconds >= 0 && ret->age_seconds > note_age) {
        ret->thread_exited = 1;
        return;
    }
    ret->thread = load_relaxed(&note->id);
    ret->thread_exited = load_relaxed(&note->exited) != 0;
}

static enum mempool_state state_of(uint64_t value) {
    if (record_is_live(value)) {
        return MEMPOOL_STATE_LIVE;
    }
    return record_has_history(value) ? MEMPOOL_STATE_FREE : MEMPOOL_STATE_VIRGIN;
}

static void explain_slot(struct explanation *ret, const struct slab *slab,
                         const struct depot *depot, const char *address) {
    struct mempool_description *description = &ret->description;
    const struct shape *shape = &depot->shape;
    char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    size_t distance = (size_t)(address - start);
    size_t stride = shape->stride;
    if (stride == 0) { /* the pool is gone, and its place is about to be another's */
        description->state = MEMPOOL_STATE_UNUSED;
        return;
    }
    size_t slot = distance / stride;
    ret->depot_state = load_relaxed(&depot->state);
    /* The heap's size classes are nobody's pools. */
    bool is_pools = ret->depot_state == DEPOT_ALIVE && shape->tagged == 0;
    description->pool = is_pools ? depot->pool : NULL;
    description->pool_destroyed = ret->depot_state != DEPOT_ALIVE;
    memcpy(description->pool_name, depot->name, strnlen(depot->name, MEMPOOL_NAME_BYTES - 1));
    description->object = start + slot * stride;
    description->offset = distance - slot * stride;
    description->object_bytes = shape->object_bytes;
    description->padded_bytes = stride;
    description->slot = slot;
    if (slot >= shape->slots) {
        description->state = MEMPOOL_STATE_TAIL;
        return;
    }
    size_t index = shape_record_index(shape, (uint32_t)slot);
    ret->record_value = sample_plain(load_relaxed(&slab_records(slab)[index]), description->object);
    description->state = state_of(ret->record_value);
    if (description->state != MEMPOOL_STATE_VIRGIN) {
        explain_past(ret->record_value, description);
    }
}

void explain_address(const void *address, struct explanation *ret) {
    memset(ret, 0, sizeof *ret);
    ret->description.struct_size = sizeof ret->description;
    ret->description.age_seconds = -1;
    size_t offset = space_offset(address);
    if (!space.ready || !space_covers(offset)) {
        ret->description.state = MEMPOOL_STATE_FOREIGN;
        return;
    }
    const struct descriptor *descriptor = space_descriptor(offset);
    const struct slab *slab = load_relaxed(&descriptor->slab);
    const struct depot *depot = slab != NULL ? load_relaxed(&slab->owner) : NULL;
    if (depot == NULL || load_relaxed(&descriptor->reciprocal) == 0) {
        ret->description.state = MEMPOOL_STATE_UNUSED;
        ret->had_slab = slab != NULL;
        ret->tombstone = load_relaxed(&descriptor->cache_offset);
        return;
    }
    explain_slot(ret, slab, depot, address);
}
