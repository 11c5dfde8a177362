/* SPDX-License-Identifier: MIT */
/* One address explained: descriptor, slab, pool, record, tag; or a note of a heap object. */
#include "view/describe.h"

#include "base/bits.h"
#include "base/text.h"
#include "view/heap_notes.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

enum { SAMPLES_MAX = 1 << 20, FOUND = 1 /* what ends a walk */ };

struct describing {
    struct layout layout;
    struct view_memory scratch;
    struct view_description found;
    uint64_t seconds;
    uint64_t n_places;
    char descriptor[LAYOUT_STRUCT_BYTES_MAX];
    char slab[LAYOUT_STRUCT_BYTES_MAX];
    char pool[LAYOUT_STRUCT_BYTES_MAX];
    char other[LAYOUT_STRUCT_BYTES_MAX]; /* accounts, components, types, notes */
};

static int read_struct(struct describing *d, uint64_t address, enum layout_struct which,
                       char *into) {
    return view_read(d->layout.source, address, into, d->layout.sizes[which]);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static void copy_field(const struct describing *d, const char *bytes, enum layout_field field,
                       struct text *text) {
    const struct layout_place *place = &d->layout.fields[field];
    const char *from = bytes + place->offset;
    text_add_escaped(text, from, strnlen(from, place->bytes));
}

/* "component#2 (ended):type", as in a census; "?" where the tag has yet to be written. */
static int name_account(struct describing *d, uint64_t number) {
    const struct layout *layout = &d->layout;
    struct text text;
    uint64_t start, n;
    text_init(&text, d->found.what, sizeof d->found.what);
    int result = layout_root(layout, ROOT_OF_accounts, &start);
    result = result != 0 ? result : layout_root(layout, ROOT_OF_n_accounts, &n);
    if (result != 0 || start == 0 || number >= n) {
        text_add(&text, "?");
        return result;
    }
    result = read_struct(d, start + number * layout->sizes[SIZE_account], SIZE_account, d->other);
    uint64_t component = layout_get(layout, d->other, FIELD_account_component);
    uint64_t type = layout_get(layout, d->other, FIELD_account_type);
    if (result != 0 || component == 0 || type == 0) {
        text_add(&text, "?");
        return result;
    }
    result = read_struct(d, component, SIZE_mempool_component, d->other);
    if (result == 0) {
        copy_field(d, d->other, FIELD_mempool_component_name, &text);
        uint64_t generation = layout_get(layout, d->other, FIELD_mempool_component_generation);
        if (generation > 1) {
            text_add(&text, "#");
            text_add_unsigned(&text, generation);
        }
        bool ended = layout_get(layout, d->other, FIELD_mempool_component_ended) != 0;
        text_add(&text, ended ? " (ended):" : ":");
        result = read_struct(d, type, SIZE_mempool_type, d->other);
    }
    if (result == 0) {
        copy_field(d, d->other, FIELD_mempool_type_name, &text);
    }
    return result;
}

static void name_pool(struct describing *d) {
    struct text text;
    text_init(&text, d->found.what, sizeof d->found.what);
    copy_field(d, d->pool, FIELD_mempool_name, &text);
}

/* ---- the past -------------------------------------------------------------------------------- */

static int read_thread(struct describing *d, uint64_t number) {
    const struct layout *layout = &d->layout;
    struct view_description *found = &d->found;
    uint64_t notes;
    if (number == 0 || number >= layout_number(layout, NUMBER_thread_numbers)) {
        return 0;
    }
    int result = layout_root(layout, ROOT_OF_notes, &notes);
    if (result == 0) {
        result = read_struct(d, notes + number * layout->sizes[SIZE_thread_note], SIZE_thread_note,
                             d->other);
    }
    if (result != 0) {
        return result;
    }
    /* A number passes to another thread after the first one's end: if the note is younger than
     * the record, it is not about who wrote it. */
    int64_t attached = (int64_t)layout_get(layout, d->other, FIELD_thread_note_attached_seconds);
    if (found->age_seconds >= 0 && found->age_seconds > (int64_t)d->seconds - attached) {
        found->has_thread_exited = true;
        return 0;
    }
    struct text text;
    text_init(&text, found->thread_name, sizeof found->thread_name);
    copy_field(d, d->other, FIELD_thread_note_name, &text);
    found->thread = layout_get_signed(layout, d->other, FIELD_thread_note_id);
    found->has_thread_exited = layout_get(layout, d->other, FIELD_thread_note_exited) != 0;
    return 0;
}

/* Of a sample the record does not tell who got it; the table of samples does. */
static int find_sampled_thread(struct describing *d, uint64_t *ret_number) {
    const struct layout *layout = &d->layout;
    size_t bytes = layout->sizes[SIZE_sample];
    size_t in_piece = TAKE_PIECE_BYTES / bytes;
    uint64_t table;
    *ret_number = 0;
    int result = layout_root(layout, ROOT_OF_samples, &table);
    result = result != 0 || table == 0 ? result
                                       : read_struct(d, table, SIZE_sample_table, d->other);
    char *piece = view_take(&d->scratch, TAKE_PIECE_BYTES);
    if (result != 0 || table == 0 || piece == NULL) {
        return result;
    }
    uint64_t samples = layout_get(layout, d->other, FIELD_sample_table_samples);
    uint64_t used = layout_get(layout, d->other, FIELD_sample_table_samples_used);
    used = used < SAMPLES_MAX ? used : SAMPLES_MAX;
    for (uint64_t first = 0; first <= used && result == 0; first += in_piece) {
        size_t n = min_size(in_piece, used + 1 - first);
        result = view_read(layout->source, samples + first * bytes, piece, n * bytes);
        for (size_t i = 0; i < n && result == 0; i++) {
            if (layout_get(layout, piece + i * bytes, FIELD_sample_object) == d->found.object) {
                *ret_number = layout_get(layout, piece + i * bytes, FIELD_sample_thread);
                return 0;
            }
        }
    }
    return result;
}

static int read_past(struct describing *d, uint64_t value) {
    const struct layout *layout = &d->layout;
    uint64_t mask = layout_number(layout, NUMBER_record_time_mask);
    uint64_t time = value >> layout_number(layout, NUMBER_record_time_shift) & mask;
    uint64_t age = (d->seconds - time) & mask;
    d->found.site = (uint32_t)(value >> layout_number(layout, NUMBER_record_site_shift));
    /* a record may be a moment younger than the clock that was read */
    d->found.age_seconds = time == 0 ? -1 : age == mask ? 0 : (int64_t)age;
    uint64_t number = value >> layout_number(layout, NUMBER_record_thread_shift) &
                      layout_number(layout, NUMBER_record_thread_mask);
    int result = 0;
    if (d->found.state == MEMPOOL_STATE_LIVE &&
        number == layout_number(layout, NUMBER_record_sampled_thread)) {
        result = find_sampled_thread(d, &number);
    }
    return result != 0 ? result : read_thread(d, number);
}

static enum mempool_state state_of(const struct layout *layout, uint64_t value) {
    uint64_t mask = layout_number(layout, NUMBER_record_state_mask), past = value & ~mask;
    if ((value & mask) == layout_number(layout, NUMBER_record_live)) {
        return MEMPOOL_STATE_LIVE;
    }
    bool has_history = past != 0 && past != layout_number(layout, NUMBER_record_raw) &&
                       past != layout_number(layout, NUMBER_record_used);
    return has_history ? MEMPOOL_STATE_FREE : MEMPOOL_STATE_VIRGIN;
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* The pool of a depot; false: there is none. */
static int read_pool(struct describing *d, uint64_t pool, bool *ret_is_one) {
    const struct layout *layout = &d->layout;
    uint64_t start = layout_number(layout, NUMBER_pools_start);
    uint64_t bytes = layout_number(layout, NUMBER_pool_bytes);
    *ret_is_one =
        pool >= start && (pool - start) % bytes == 0 && (pool - start) / bytes < d->n_places;
    return *ret_is_one ? read_struct(d, pool, SIZE_mempool, d->pool) : 0;
}

static int fill_slot(struct describing *d, uint64_t pool) {
    const struct layout *layout = &d->layout;
    struct view_description *found = &d->found;
    const char *depot = layout_inner(layout, d->pool, FIELD_mempool_depot);
    const char *shape = layout_inner(layout, depot, FIELD_depot_shape);
    uint64_t state = layout_get(layout, depot, FIELD_depot_state);
    uint64_t first = layout_get(layout, d->slab, FIELD_slab_first_chunk);
    uint64_t stride = layout_get(layout, shape, FIELD_shape_stride);
    uint64_t tagged = layout_get(layout, shape, FIELD_shape_tagged) != 0;
    uint64_t start = layout_number(layout, NUMBER_arena_start) +
                     (first << layout_number(layout, NUMBER_chunk_shift));
    uint64_t distance = found->address - start, record[2] = {0, 0};
    if (stride == 0 || found->address < start) {
        return -EAGAIN;
    }
    found->slot = distance / stride;
    found->object = start + found->slot * stride;
    found->offset = distance % stride;
    found->object_bytes = layout_get(layout, shape, FIELD_shape_object_bytes);
    found->padded_bytes = stride;
    found->is_block = tagged != 0;
    found->pool = tagged == 0 && state == layout_number(layout, NUMBER_state_alive) ? pool : 0;
    found->is_pool_destroyed = state != layout_number(layout, NUMBER_state_alive);
    name_pool(d);
    if (found->slot >= layout_get(layout, shape, FIELD_shape_slots)) {
        found->state = MEMPOOL_STATE_TAIL;
        return 0;
    }
    uint64_t at = layout_get(layout, d->slab, FIELD_slab_records) +
                  (found->slot << tagged) * sizeof record[0];
    int result = view_read(layout->source, at, record, sizeof record[0] << tagged);
    if (result != 0) {
        return result;
    }
    found->state = state_of(layout, record[0]);
    if (found->state == MEMPOOL_STATE_LIVE && tagged != 0) {
        found->object_bytes = record[1] >> layout_number(layout, NUMBER_tag_bytes_shift);
        result = name_account(d, (uint32_t)((record[1] & UINT32_MAX) >>
                                            layout_number(layout, NUMBER_place_shift)));
    }
    return result == 0 && found->state != MEMPOOL_STATE_VIRGIN ? read_past(d, record[0]) : result;
}

/* -EAGAIN: it changed while it was read. */
static int describe_slot(struct describing *d, uint64_t offset) {
    const struct layout *layout = &d->layout;
    uint64_t chunk = offset >> layout_number(layout, NUMBER_chunk_shift), owner = 0;
    bool is_one = false;
    int result = read_struct(
        d, layout_number(layout, NUMBER_descriptors_start) + chunk * layout->sizes[SIZE_descriptor],
        SIZE_descriptor, d->descriptor);
    uint64_t slab = layout_get(layout, d->descriptor, FIELD_descriptor_slab);
    if (result == 0 && slab != 0 &&
        layout_get(layout, d->descriptor, FIELD_descriptor_reciprocal) != 0) {
        result = read_struct(d, slab, SIZE_slab, d->slab);
        owner = layout_get(layout, d->slab, FIELD_slab_owner);
    }
    uint64_t pool = owner - layout->fields[FIELD_mempool_depot].offset;
    if (result == 0 && owner != 0) {
        result = read_pool(d, pool, &is_one);
    }
    if (result != 0) {
        return result;
    }
    d->found.state = MEMPOOL_STATE_UNUSED;
    return is_one ? fill_slot(d, pool) : 0;
}

/* ---- single allocations ---------------------------------------------------------------------- */

/* Is the address in the object of this note? Then it is told, and the walk is over: FOUND. */
static int match_note(void *argument, const struct view_heap_note *note) {
    struct describing *d = argument;
    const struct layout *layout = &d->layout;
    struct view_description *found = &d->found;
    bool is_one;
    if (note->object > found->address || found->address - note->object > UINT32_MAX) {
        return 0;
    }
    int result = read_pool(d, note->pool, &is_one);
    if (result != 0 || !is_one) {
        return result;
    }
    const char *depot = layout_inner(layout, d->pool, FIELD_mempool_depot);
    const char *shape = layout_inner(layout, depot, FIELD_depot_shape);
    uint64_t bytes = layout_get(layout, shape, FIELD_shape_object_bytes);
    if (found->address - note->object >= bytes) {
        return 0;
    }
    found->state = MEMPOOL_STATE_LIVE;
    found->is_heap = true;
    found->object = note->object;
    found->offset = found->address - note->object;
    found->object_bytes = found->padded_bytes = bytes;
    found->is_pool_destroyed =
        layout_get(layout, depot, FIELD_depot_state) != layout_number(layout, NUMBER_state_alive);
    found->pool = found->is_pool_destroyed ? 0 : note->pool;
    name_pool(d);
    result = read_past(d, note->record);
    return result != 0 ? result : FOUND;
}

static int describe_heap(struct describing *d) {
    int result = view_each_heap_note(&d->layout, &d->scratch, match_note, d);
    return result == FOUND ? 0 : result;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int describe_once(struct describing *d, uint64_t address) {
    const struct layout *layout = &d->layout;
    uint64_t arena_used;
    d->found = (struct view_description){.address = address, .age_seconds = -1};
    int result = layout_seconds(layout, &d->seconds);
    result = result != 0 ? result : layout_root(layout, ROOT_OF_places, &d->n_places);
    result = result != 0 ? result : layout_root(layout, ROOT_OF_arena_used, &arena_used);
    if (result != 0) {
        return result;
    }
    uint64_t offset = address - layout_number(layout, NUMBER_arena_start);
    return offset < arena_used ? describe_slot(d, offset) : describe_heap(d);
}

int view_describe(struct view_description *ret, struct view_source *source, uint64_t address,
                  struct snapshot_error *error) {
    struct view_memory memory = {.left = 0};
    struct describing *d = view_take(&memory, sizeof *d);
    if (d == NULL) {
        return snapshot_fail(error, -ENOMEM, "no memory", NULL);
    }
    int result = layout_read(&d->layout, source, &d->scratch, error);
    if (result == 0) {
        result = -EAGAIN;
        for (int tries = 0; tries < TAKE_TRIES && (result == -EAGAIN || result == -EFAULT);
             tries++) {
            result = describe_once(d, address);
        }
        if (result == 0) {
            *ret = d->found;
        } else {
            snapshot_fail(error, result, "cannot read what is known of the address", NULL);
        }
    }
    view_give_all(&d->scratch);
    view_give_all(&memory);
    return result;
}
