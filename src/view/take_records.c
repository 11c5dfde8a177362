/* SPDX-License-Identifier: MIT */
/* The walk over all records: descriptors lead to slabs, slabs to records; and over single
 * allocations (view/heap_notes.h).
 *
 * A slab whose owner or records changed while its records were read is left out: it had just been
 * given back, or made. */
#include "base/bits.h"
#include "view/heap_notes.h"
#include "view/take.h"

#include <errno.h>

enum { SLOTS_MAX = 1 << 20 /* of one slab; more are not believed */ };

/* ---- slabs ----------------------------------------------------------------------------------- */

struct walk {
    struct take *take;
    int (*visit)(void *argument, const struct take_slab *slab);
    void *argument;
    char *descriptors; /* a piece of them */
    char *slab, *again;
    uint64_t *records;
    size_t records_room;
};

static int read_slab(struct walk *walk, uint64_t address, char *into) {
    return take_read(walk->take, address, into, walk->take->layout.sizes[SIZE_slab]);
}

static bool same_slab(const struct layout *layout, const char *before, const char *after) {
    return layout_get(layout, before, FIELD_slab_owner) ==
               layout_get(layout, after, FIELD_slab_owner) &&
           layout_get(layout, before, FIELD_slab_records) ==
               layout_get(layout, after, FIELD_slab_records) &&
           layout_get(layout, before, FIELD_slab_first_chunk) ==
               layout_get(layout, after, FIELD_slab_first_chunk);
}

static bool have_room(struct walk *walk, size_t n) {
    if (n > walk->records_room) {
        walk->records = view_take_array(&walk->take->scratch, n, sizeof walk->records[0]);
        walk->records_room = walk->records != NULL ? n : 0;
    }
    return walk->records != NULL;
}

static int visit_slab(struct walk *walk, uint64_t address, uint64_t chunk) {
    struct take *take = walk->take;
    const struct layout *layout = &take->layout;
    struct take_slab found = {.first_chunk = chunk};
    int result = read_slab(walk, address, walk->slab);
    if (result != 0) {
        return result;
    }
    uint64_t owner = layout_get(layout, walk->slab, FIELD_slab_owner);
    if (layout_get(layout, walk->slab, FIELD_slab_first_chunk) != chunk ||
        !take_place_of_depot(take, owner, &found.place) ||
        take->places[found.place].pool == SNAPSHOT_NONE) {
        return 0;
    }
    const struct take_place *place = &take->places[found.place];
    size_t n = (size_t)place->slots << (place->tagged != 0);
    if (place->slots > SLOTS_MAX) {
        return -EBADMSG;
    }
    if (!have_room(walk, n)) {
        return -ENOMEM;
    }
    result = take_read(take, layout_get(layout, walk->slab, FIELD_slab_records), walk->records,
                       n * sizeof walk->records[0]);
    if (result == -EFAULT) {
        return 0; /* it is just being made */
    }
    result = result != 0 ? result : read_slab(walk, address, walk->again);
    if (result == 0 && same_slab(layout, walk->slab, walk->again)) {
        found.records = walk->records;
        result = walk->visit(walk->argument, &found);
    }
    return result;
}

static int visit_slabs(struct walk *walk) {
    struct take *take = walk->take;
    const struct layout *layout = &take->layout;
    size_t bytes = layout->sizes[SIZE_descriptor];
    size_t in_piece = TAKE_PIECE_BYTES / bytes;
    uint64_t chunks = take->snapshot->arena_bytes >> layout_number(layout, NUMBER_chunk_shift);
    const struct publication_range *arena = layout_range(layout, "arena");
    if (arena == NULL || take->snapshot->arena_bytes > arena->bytes) {
        return -EBADMSG;
    }
    int result = 0;
    for (uint64_t first = 0; first < chunks && result == 0; first += in_piece) {
        size_t n = min_size(in_piece, chunks - first);
        result = take_read(take, layout_number(layout, NUMBER_descriptors_start) + first * bytes,
                           walk->descriptors, n * bytes);
        for (size_t i = 0; i < n && result == 0; i++) {
            const char *descriptor = walk->descriptors + i * bytes;
            uint64_t slab = layout_get(layout, descriptor, FIELD_descriptor_slab);
            if (slab != 0 && layout_get(layout, descriptor, FIELD_descriptor_reciprocal) != 0) {
                result = visit_slab(walk, slab, first + i);
            }
        }
    }
    return result;
}

int take_each_slab(struct take *take, int (*visit)(void *argument, const struct take_slab *slab),
                   void *argument) {
    struct walk walk = {.take = take, .visit = visit, .argument = argument};
    walk.descriptors = view_take(&take->scratch, TAKE_PIECE_BYTES);
    walk.slab = view_take(&take->scratch, take->layout.sizes[SIZE_slab]);
    walk.again = view_take(&take->scratch, take->layout.sizes[SIZE_slab]);
    bool has_room = walk.descriptors != NULL && walk.slab != NULL && walk.again != NULL;
    return has_room ? visit_slabs(&walk) : -ENOMEM;
}

/* ---- single allocations ---------------------------------------------------------------------- */

struct note_visitor {
    struct take *take;
    int (*visit)(void *argument, const struct take_heap_note *note);
    void *argument;
};

static int visit_note(void *argument, const struct view_heap_note *note) {
    const struct note_visitor *visitor = argument;
    const struct take *take = visitor->take;
    struct take_heap_note found = {.object = note->object, .record = note->record};
    uint64_t depot = note->pool + take->layout.fields[FIELD_mempool_depot].offset;
    bool has_row = take_place_of_depot(take, depot, &found.place) &&
                   take->places[found.place].pool != SNAPSHOT_NONE;
    return has_row ? visitor->visit(visitor->argument, &found) : 0;
}

int take_each_heap_note(struct take *take,
                        int (*visit)(void *argument, const struct take_heap_note *note),
                        void *argument) {
    struct note_visitor visitor = {.take = take, .visit = visit, .argument = argument};
    return view_each_heap_note(&take->layout, &take->scratch, visit_note, &visitor);
}
