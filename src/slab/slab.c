/* SPDX-License-Identifier: MIT */
/* Slabs: create, carve, give back, retire. */
#include "slab/slab.h"

#include "base/bits.h"
#include "vm/blocks.h"

_Static_assert(sizeof(struct slab) <= SLAB_BYTES, "a slab fits its place");

enum { PUNCH_PAGES = 2 }; /* that came home since the last time */

/* Retired `struct slab`s, linked by `link.next`; space.lock. */
static struct slab *spare_slabs;

static struct slab *take_struct(void) {
    struct slab *slab = spare_slabs;
    if (slab == NULL) {
        return area_extend(&space.slabs, SLAB_BYTES);
    }
    spare_slabs = (struct slab *)(void *)slab->link.next;
    return slab;
}

static void give_struct(struct slab *slab) {
    slab->link.next = (struct list *)(void *)spare_slabs;
    spare_slabs = slab;
}

static void describe_chunks(struct slab *slab, const struct shape *shape, uint64_t reciprocal,
                            uint32_t cache_offset) {
    uint32_t first = load_relaxed(&slab->first_chunk);
    uint32_t base = (uint32_t)(uintptr_t)space_chunk_address(first);
    for (uint32_t i = 0; i < shape->chunks; i++) {
        struct descriptor *descriptor = &space.descriptors[first + i];
        /* Nothing matches while the fields do not belong together. */
        store_relaxed(&descriptor->reciprocal, 0);
        store_relaxed(&descriptor->records, load_relaxed(&slab->records));
        store_relaxed(&descriptor->slab, slab);
        store_relaxed(&descriptor->cache_offset, cache_offset);
        store_relaxed(&descriptor->base, base);
        store_relaxed(&descriptor->reciprocal, reciprocal);
    }
}

/* The three parts of a slab's memory, all or none. */
static struct slab *take_memory(const struct shape *shape, struct span *span) {
    struct slab *slab = take_struct();
    if (slab == NULL) {
        return NULL;
    }
    size_t record_bytes = shape_record_bytes(shape);
    record *records = block_take_records_locked(record_bytes, span != NULL);
    if (records == NULL) {
        give_struct(slab);
        return NULL;
    }
    bool dirty = false;
    uint32_t first = span != NULL ? arena_take_from_span(span, shape->chunks)
                                  : arena_take_any(shape->chunks, &dirty);
    if (first == CHUNK_NONE) {
        block_give_records_locked(records, record_bytes);
        give_struct(slab);
        return NULL;
    }
    /* R1 pairs with R2 in slab/slab.h: the records are zero */
    store_release(&slab->records, records);
    store_relaxed(&slab->first_chunk, first);
    slab->flags = (dirty ? SLAB_USED : 0u) | (span != NULL ? SLAB_HUGE : 0u);
    return slab;
}

struct slab *slab_create(const struct shape *shape, void *owner, uint32_t cache_offset,
                         uint32_t colour, struct span *span) {
    sys_lock_take(&space.lock);
    struct slab *slab = take_memory(shape, span);
    if (slab != NULL) {
        list_init(&slab->link);
        list_init(&slab->sibling);
        store_relaxed(&slab->owner, owner);
        slab->home = shape->slots;
        slab->start = colour % shape->slots;
        slab->fresh = 0;
        slab->scan = 0;
        slab->destructed = 0;
        slab->purged_bytes = 0;
        /* What is left of others is as good as come home: pages to be punched. */
        slab->gained = (slab->flags & SLAB_USED) != 0 ? shape->slots : 0;
        slab->swept = 0;
        describe_chunks(slab, shape, shape->reciprocal, cache_offset);
    }
    sys_lock_drop(&space.lock);
    return slab;
}

/* A purge that fails leaves the pages resident until they are used again, and not zero. */
static void purge(char *from, size_t bytes) {
    if (sys_operations.purge(from, bytes) != 0) {
        store_relaxed(&space.unpurged, 1);
    }
}

void slab_drop_span(struct span *span) {
    if (span->left > 0) {
        /* Never used, but resident with the rest of its huge page. */
        purge(space_chunk_address(span->next), (size_t)span->left << CHUNK_SHIFT);
    }
    sys_lock_take(&space.lock);
    arena_give_span(span);
    sys_lock_drop(&space.lock);
}

size_t slab_clean_arena(size_t bytes) {
    uint32_t chunks = (uint32_t)min_size(bytes >> CHUNK_SHIFT, UINT32_MAX);
    sys_lock_take(&space.lock);
    uint32_t first = arena_take_dirty(chunks, &chunks);
    sys_lock_drop(&space.lock);
    if (first == CHUNK_NONE) {
        return 0;
    }
    purge(space_chunk_address(first), (size_t)chunks << CHUNK_SHIFT);
    sys_lock_take(&space.lock);
    arena_give(first, chunks);
    sys_lock_drop(&space.lock);
    return (size_t)chunks << CHUNK_SHIFT;
}

size_t slab_dirty_unneeded(void) {
    sys_lock_take(&space.lock);
    size_t chunks = arena_settle_dirty();
    sys_lock_drop(&space.lock);
    return chunks << CHUNK_SHIFT;
}

bool slab_retire(struct slab *slab, const struct shape *shape, size_t purge_bytes,
                 uint32_t tombstone) {
    size_t whole = shape_slab_bytes(shape);
    bool used = slab->fresh > 0 || (slab->flags & SLAB_USED) != 0;
    if (used && purge_bytes > 0 && slab->purged_bytes < whole) {
        char *from = space_chunk_address(load_relaxed(&slab->first_chunk)) + slab->purged_bytes;
        size_t bytes = min_size(purge_bytes, whole - slab->purged_bytes);
        purge(from, bytes);
        slab->purged_bytes += (uint32_t)bytes;
        if (slab->purged_bytes < whole) {
            return false;
        }
    }
    sys_lock_take(&space.lock);
    describe_chunks(slab, shape, 0, tombstone);
    store_relaxed(&slab->owner, NULL);
    block_give_records_locked(load_relaxed(&slab->records), shape_record_bytes(shape));
    if (used && slab->purged_bytes < whole) {
        arena_give_dirty(load_relaxed(&slab->first_chunk), shape->chunks);
    } else {
        arena_give(load_relaxed(&slab->first_chunk), shape->chunks);
    }
    give_struct(slab);
    sys_lock_drop(&space.lock);
    return true;
}

void slab_redirect(struct slab *slab, const struct shape *shape, uint32_t cache_offset) {
    uint32_t first = load_relaxed(&slab->first_chunk);
    for (uint32_t i = 0; i < shape->chunks; i++) {
        store_relaxed(&space.descriptors[first + i].cache_offset, cache_offset);
    }
}

/* The slot that was, or will be, carved as the i-th. */
static uint32_t slot_in_order(const struct slab *slab, const struct shape *shape, uint32_t i) {
    uint32_t slot = slab->start + i;
    return slot < shape->slots ? slot : slot - shape->slots;
}

static void *slot_address(const struct slab *slab, const struct shape *shape, uint32_t slot) {
    return space_chunk_address(load_relaxed(&slab->first_chunk)) + (size_t)slot * shape->stride;
}

/* Slots that were out before, wherever they lie: a scan of the records. */
static uint32_t carve_touched(struct slab *slab, const struct shape *shape, struct round *rounds,
                              uint32_t n, bool raw) {
    record *records = load_relaxed(&slab->records);
    uint32_t touched_home = slab->home - (shape->slots - slab->fresh);
    uint32_t got = 0;
    if (n > touched_home) {
        n = touched_home;
    }
    for (uint32_t i = slab->scan; got < n; i = i + 1 < slab->fresh ? i + 1 : 0) {
        uint32_t at = slot_in_order(slab, shape, i);
        record *slot_record = &records[shape_record_index(shape, at)];
        uint64_t value = load_relaxed(slot_record);
        if (!record_is_home(value)) {
            continue;
        }
        /* The history of the last put stays readable; zero has none, and in a pool with a
         * constructor has never been constructed. */
        store_relaxed(slot_record, raw && value == 0 ? (uint64_t)RECORD_RAW
                                                     : record_with_state(value, RECORD_FREE));
        rounds[got].object = slot_address(slab, shape, at);
        rounds[got].slot_record = slot_record;
        got++;
        slab->scan = i;
    }
    return got;
}

static uint32_t carve_fresh(struct slab *slab, const struct shape *shape, struct round *rounds,
                            uint32_t n, bool raw) {
    record *records = load_relaxed(&slab->records);
    uint64_t virgin = (slab->flags & SLAB_USED) != 0 ? RECORD_USED + RECORD_FREE : RECORD_FREE;
    uint32_t first = slab->fresh;
    if (n > shape->slots - first) {
        n = shape->slots - first;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = slot_in_order(slab, shape, first + n - 1 - i);
        record *slot_record = &records[shape_record_index(shape, slot)];
        store_relaxed(slot_record, raw ? (uint64_t)RECORD_RAW : virgin);
        rounds[i].object = slot_address(slab, shape, slot);
        rounds[i].slot_record = slot_record;
    }
    slab->fresh += n;
    return n;
}

uint32_t slab_carve(struct slab *slab, const struct shape *shape, struct round *rounds,
                    uint32_t n, bool raw) {
    uint32_t got = carve_touched(slab, shape, rounds, n, raw);
    got += carve_fresh(slab, shape, rounds + got, n - got, raw);
    slab->home -= got;
    return got;
}

enum slab_give_verdict slab_give(struct slab *slab, const struct shape *shape,
                                 struct round round) {
    uint64_t value = load_relaxed(round.slot_record);
    if (record_is_free(value)) {
        store_relaxed(round.slot_record, record_with_state(value, RECORD_HOME));
    } else if (value == RECORD_RAW) {
        store_relaxed(round.slot_record, 0);
    } else {
        return SLAB_NOT_FREE;
    }
    slab->home++;
    slab->gained++;
    uint32_t slot =
        shape_slot_of_index(shape, (size_t)(round.slot_record - load_relaxed(&slab->records)));
    slab->scan = slot >= slab->start ? slot - slab->start : slot + shape->slots - slab->start;
    return SLAB_GIVEN;
}

static bool slot_is_home(const struct slab *slab, const struct shape *shape, uint32_t slot) {
    const record *records = load_relaxed(&slab->records);
    return record_is_home(load_relaxed(&records[shape_record_index(shape, slot)]));
}

/* The whole pages of slots from `first` to before `end`; what is left behind the last slot goes
 * with it. */
static size_t punch_slots(const struct slab *slab, const struct shape *shape, uint32_t first,
                          uint32_t end) {
    size_t page = sys_page_bytes();
    size_t from = round_up((size_t)first * shape->stride, page);
    size_t to = end < shape->slots ? (size_t)end * shape->stride / page * page
                                   : shape_slab_bytes(shape);
    if (from >= to) {
        return 0;
    }
    /* Where it fails the pages stay, with what was in them: their records tell who gets them. */
    char *start = space_chunk_address(load_relaxed(&slab->first_chunk));
    return sys_operations.purge(start + from, to - from) == 0 ? to - from : 0;
}

size_t slab_punch(struct slab *slab, const struct shape *shape) {
    size_t bytes = 0;
    uint32_t first = 0;
    size_t gained_bytes = (size_t)slab->gained * shape->stride;
    if ((slab->flags & SLAB_HUGE) != 0 || gained_bytes < PUNCH_PAGES * sys_page_bytes()) {
        return 0;
    }
    slab->gained = 0;
    for (uint32_t slot = 0; slot < shape->slots; slot++) {
        if (!slot_is_home(slab, shape, slot)) {
            bytes += punch_slots(slab, shape, first, slot);
            first = slot + 1;
        }
    }
    return bytes + punch_slots(slab, shape, first, shape->slots);
}
