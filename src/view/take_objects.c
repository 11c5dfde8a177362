/* SPDX-License-Identifier: MIT */
/* Every slot, so that single addresses can be explained later: as view/describe.h explains them,
 * but all at once. Records become text slab by slab (view/slots.h); call sites, accounts and
 * threads are told once, and named in records by number. */
#include "base/bits.h"
#include "base/sort.h"
#include "base/text.h"
#include "view/growing.h"
#include "view/slots.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

enum {
    SAMPLES_MAX = 1 << 20,
    SITES_MAX = 1 << 17,        /* more are not known */
    TEXT_BYTES_MAX = 192 << 20, /* of all records: such a file can be read back, */
    ROW_BYTES = 128,            /* with so much for each slab */
    NAME_BYTES = 256,
};

struct heap_object {
    int32_t pool;
    uint64_t address;
    struct slot_past past;
};

struct objects {
    struct take *take;
    struct slots_writer writer;
    struct growing slabs, heap_objects, heap_lists, sites, notes;
    struct view_index site_numbers;
    struct view_index sampled; /* the getter's number by the object of a sample */
    bool *has_thread;          /* by number: a record names it */
    size_t n_numbers;
    size_t text_bytes;
};

/* ---- sites ----------------------------------------------------------------------------------- */

/* One more than the number of a site in the list; 0: not known. */
static int number_site(struct objects *objects, uint32_t site, uint32_t *ret) {
    struct snapshot *snapshot = objects->take->snapshot;
    uint32_t number = 0;
    *ret = 0;
    if (site == 0 || (!view_index_find(&objects->site_numbers, site, &number) &&
                      objects->sites.n >= SITES_MAX)) {
        return 0;
    }
    if (!view_index_find(&objects->site_numbers, site, &number)) {
        char text[32];
        struct text as_number;
        number = (uint32_t)objects->sites.n;
        if (!view_index_add_growing(&objects->site_numbers, site, number,
                                    &objects->take->scratch)) {
            return -ENOMEM;
        }
        struct snapshot_symbol *row = growing_add(&objects->sites, &snapshot->memory);
        text_init(&as_number, text, sizeof text);
        text_add_hex(&as_number, site);
        const char *symbol = view_take_text(&snapshot->memory, text, as_number.length);
        if (row == NULL || symbol == NULL) {
            return -ENOMEM;
        }
        *row = (struct snapshot_symbol){.address = site, .image = SNAPSHOT_NONE, .symbol = symbol};
    }
    *ret = number + 1;
    return 0;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* The first of an object: an index of many equal keys is a list that is walked each time. */
static void add_sample(struct objects *objects, const char *sample) {
    const struct layout *layout = &objects->take->layout;
    uint64_t object = layout_get(layout, sample, FIELD_sample_object);
    uint64_t thread = layout_get(layout, sample, FIELD_sample_thread);
    uint32_t known;
    if (object != 0 && !view_index_find(&objects->sampled, object, &known)) {
        (void)view_index_add(&objects->sampled, object, (uint32_t)thread);
    }
}

/* Of a sample the record does not tell who got it; the table of samples does. */
static int read_samples(struct objects *objects) {
    struct take *take = objects->take;
    const struct layout *layout = &take->layout;
    size_t bytes = layout->sizes[SIZE_sample], in_piece = TAKE_PIECE_BYTES / bytes;
    char table[LAYOUT_STRUCT_BYTES_MAX];
    uint64_t address;
    int result = layout_root(layout, ROOT_OF_samples, &address);
    if (result == 0 && address != 0) {
        result = take_read(take, address, table, layout->sizes[SIZE_sample_table]);
    }
    if (result != 0) {
        return result;
    }
    uint64_t samples = layout_get(layout, table, FIELD_sample_table_samples);
    uint64_t used = layout_get(layout, table, FIELD_sample_table_samples_used);
    size_t n = address != 0 ? min_size((size_t)used, SAMPLES_MAX) + 1 : 0;
    char *piece = view_take(&take->scratch, TAKE_PIECE_BYTES);
    if (piece == NULL || !view_index_init(&objects->sampled, n, &take->scratch)) {
        return -ENOMEM;
    }
    for (size_t first = 0; first < n && result == 0; first += in_piece) {
        size_t here = min_size(in_piece, n - first);
        result = take_read(take, samples + first * bytes, piece, here * bytes);
        for (size_t i = 0; i < here && result == 0; i++) {
            add_sample(objects, piece + i * bytes);
        }
    }
    return result;
}

static uint32_t thread_of(struct objects *objects, uint64_t value, bool is_live, uint64_t object) {
    const struct layout *layout = &objects->take->layout;
    uint32_t number = (uint32_t)(value >> layout_number(layout, NUMBER_record_thread_shift) &
                                 layout_number(layout, NUMBER_record_thread_mask));
    if (is_live && number == layout_number(layout, NUMBER_record_sampled_thread) &&
        !view_index_find(&objects->sampled, object, &number)) {
        number = 0;
    }
    if (number >= objects->n_numbers) {
        number = 0;
    }
    objects->has_thread[number] = true;
    return number;
}

static int add_note(struct objects *objects, uint64_t notes, uint32_t number) {
    struct take *take = objects->take;
    const struct layout *layout = &take->layout;
    size_t bytes = layout->sizes[SIZE_thread_note];
    const struct layout_place *name = &layout->fields[FIELD_thread_note_name];
    char note[LAYOUT_STRUCT_BYTES_MAX], escaped[NAME_BYTES];
    struct text text;
    int result = take_read(take, notes + number * (uint64_t)bytes, note, bytes);
    if (result != 0) {
        return result;
    }
    struct snapshot_thread_note *row = growing_add(&objects->notes, &take->snapshot->memory);
    text_init(&text, escaped, sizeof escaped);
    text_add_escaped(&text, note + name->offset, strnlen(note + name->offset, name->bytes));
    if (row != NULL) {
        row->number = number;
        row->id = layout_get_signed(layout, note, FIELD_thread_note_id);
        row->name = view_take_text(&take->snapshot->memory, escaped, text.length);
        row->has_exited = layout_get(layout, note, FIELD_thread_note_exited) != 0;
        row->attached_seconds = layout_subtract(
            (int64_t)take->seconds,
            (int64_t)layout_get(layout, note, FIELD_thread_note_attached_seconds));
    }
    return row != NULL && row->name != NULL ? 0 : -ENOMEM;
}

static int add_notes(struct objects *objects) {
    uint64_t notes;
    int result = layout_root(&objects->take->layout, ROOT_OF_notes, &notes);
    for (uint32_t number = 1; number < objects->n_numbers && result == 0; number++) {
        if (objects->has_thread[number]) {
            result = add_note(objects, notes, number);
        }
    }
    return result;
}

/* ---- slots ----------------------------------------------------------------------------------- */

static bool is_live(const struct layout *layout, uint64_t value) {
    return (value & layout_number(layout, NUMBER_record_state_mask)) ==
           layout_number(layout, NUMBER_record_live);
}

static enum slot_state state_of(const struct layout *layout, uint64_t value) {
    uint64_t past = value & ~layout_number(layout, NUMBER_record_state_mask);
    bool has_history = past != 0 && past != layout_number(layout, NUMBER_record_raw) &&
                       past != layout_number(layout, NUMBER_record_used);
    return is_live(layout, value) ? SLOT_LIVE : has_history ? SLOT_PUT : SLOT_VIRGIN;
}

static uint32_t age_of(const struct take *take, uint64_t value) {
    const struct layout *layout = &take->layout;
    uint64_t mask = layout_number(layout, NUMBER_record_time_mask);
    uint64_t time = value >> layout_number(layout, NUMBER_record_time_shift) & mask;
    uint64_t age = (take->seconds - time) & mask;
    /* a record may be a moment younger than the clock that was read */
    return time == 0 ? 0 : age == mask ? 1 : (uint32_t)min_size((size_t)age + 1, SLOTS_AGES);
}

static int read_past(struct objects *objects, uint64_t value, bool lives, uint64_t object,
                     struct slot_past *ret) {
    struct take *take = objects->take;
    uint64_t shift = layout_number(&take->layout, NUMBER_record_site_shift);
    *ret = (struct slot_past){.age = age_of(take, value)};
    ret->thread = thread_of(objects, value, lives, object);
    return number_site(objects, (uint32_t)(value >> shift), &ret->site);
}

static void read_tag(const struct take *take, uint64_t tag, struct slot_past *past) {
    const struct layout *layout = &take->layout;
    uint64_t account = (tag & UINT32_MAX) >> layout_number(layout, NUMBER_place_shift);
    int32_t row = account < take->n_accounts ? take->account_rows[account] : SNAPSHOT_NONE;
    past->account = (uint32_t)(row + 1);
    past->bytes = tag >> layout_number(layout, NUMBER_tag_bytes_shift);
}

static int write_slots(struct objects *objects, const struct take_slab *slab, uint64_t start) {
    struct take *take = objects->take;
    const struct take_place *place = &take->places[slab->place];
    uint64_t stride = take->snapshot->pools[place->pool].padded_bytes;
    unsigned tagged = place->tagged != 0;
    int result = 0;
    for (size_t i = 0; i < place->slots && result == 0; i++) {
        uint64_t value = slab->records[i << tagged];
        enum slot_state state = state_of(&take->layout, value);
        struct slot_past past = {.site = 0};
        if (state != SLOT_VIRGIN) {
            result = read_past(objects, value, state == SLOT_LIVE, start + i * stride, &past);
        }
        if (state == SLOT_LIVE && tagged) {
            read_tag(take, slab->records[(i << tagged) + 1], &past);
        }
        slots_add(&objects->writer, state, &past);
    }
    return result;
}

/* The end of a text; `into` may be NULL: it was not made. */
static int end_text(struct objects *objects, const char **into) {
    const char *text = slots_end(&objects->writer, &objects->take->snapshot->memory);
    if (text == NULL || into == NULL) {
        return -ENOMEM;
    }
    *into = text;
    objects->text_bytes += strlen(text) + ROW_BYTES;
    return objects->text_bytes > TEXT_BYTES_MAX ? -EFBIG : 0;
}

/* While a process runs, a pool may have taken another's place, with slabs of other sizes. */
static bool has_room(const struct take *take, const struct take_place *place, uint64_t offset,
                     uint64_t bytes) {
    uint64_t stride = take->snapshot->pools[place->pool].padded_bytes;
    return offset < take->snapshot->arena_bytes && bytes > 0 &&
           bytes <= take->snapshot->arena_bytes - offset && stride > 0 &&
           place->slots <= bytes / stride;
}

/* A slab that was given back meanwhile, and of whose chunks another was made. */
static void drop_overlapped(struct objects *objects, uint64_t start) {
    const struct snapshot_slab *slabs = objects->slabs.items;
    size_t n = objects->slabs.n;
    if (n > 0 && slabs[n - 1].address + slabs[n - 1].bytes > start) {
        objects->slabs.n--;
    }
}

static int add_slab(void *argument, const struct take_slab *slab) {
    struct objects *objects = argument;
    struct take *take = objects->take;
    const struct take_place *place = &take->places[slab->place];
    unsigned shift = (unsigned)layout_number(&take->layout, NUMBER_chunk_shift);
    uint64_t offset = slab->first_chunk << shift, bytes = (uint64_t)place->chunks << shift;
    uint64_t start = take->snapshot->arena_start + offset;
    if (!has_room(take, place, offset, bytes)) {
        return 0;
    }
    drop_overlapped(objects, start);
    if (!slots_begin(&objects->writer, place->slots)) {
        return -ENOMEM;
    }
    int result = write_slots(objects, slab, start);
    if (result != 0) {
        return result;
    }
    struct snapshot_slab *row = growing_add(&objects->slabs, &take->snapshot->memory);
    if (row != NULL) {
        row->pool = place->pool;
        row->address = start;
        row->bytes = bytes;
        row->slots = place->slots;
    }
    return end_text(objects, row != NULL ? &row->records : NULL);
}

/* ---- heap objects ---------------------------------------------------------------------------- */

static int add_heap_object(void *argument, const struct take_heap_note *note) {
    struct objects *objects = argument;
    struct take *take = objects->take;
    struct heap_object *object = growing_add(&objects->heap_objects, &take->scratch);
    if (object == NULL) {
        return -ENOMEM;
    }
    object->pool = take->places[note->place].pool;
    object->address = note->object;
    return read_past(objects, note->record, true, note->object, &object->past);
}

static int compare_heap_objects(const void *left, const void *right) {
    const struct heap_object *a = left, *b = right;
    if (a->pool != b->pool) {
        return a->pool < b->pool ? -1 : 1;
    }
    return (a->address > b->address) - (a->address < b->address);
}

/* Those of one pool: `objects` are by address, `n` of them. */
static int add_heap_list(struct objects *objects, const struct heap_object *first, size_t n) {
    struct snapshot_heap_list *row =
        growing_add(&objects->heap_lists, &objects->take->snapshot->memory);
    uint64_t before = 0;
    if (!slots_begin(&objects->writer, n)) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        slots_add_at(&objects->writer, first[i].address - before, &first[i].past);
        before = first[i].address;
    }
    if (row != NULL) {
        row->pool = first->pool;
        row->count = n;
    }
    return end_text(objects, row != NULL ? &row->records : NULL);
}

static int add_heap_lists(struct objects *objects) {
    int result = take_each_heap_note(objects->take, add_heap_object, objects);
    struct heap_object *list = objects->heap_objects.items;
    size_t n = objects->heap_objects.n, end;
    if (n > 0) {
        sort_items(list, n, sizeof list[0], compare_heap_objects);
    }
    for (size_t first = 0; first < n && result == 0; first = end) {
        for (end = first + 1; end < n && list[end].pool == list[first].pool; end++) {
        }
        result = add_heap_list(objects, &list[first], end - first);
    }
    return result;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void keep(struct objects *objects) {
    struct snapshot *snapshot = objects->take->snapshot;
    snapshot->slabs = objects->slabs.items;
    snapshot->n_slabs = objects->slabs.n;
    snapshot->heap_lists = objects->heap_lists.items;
    snapshot->n_heap_lists = objects->heap_lists.n;
    snapshot->sites = objects->sites.items;
    snapshot->n_sites = objects->sites.n;
    snapshot->thread_notes = objects->notes.items;
    snapshot->n_thread_notes = objects->notes.n;
}

int take_objects(struct take *take) {
    struct objects objects = {
        .take = take,
        .writer.scratch = &take->scratch,
        .slabs.bytes = sizeof(struct snapshot_slab),
        .heap_objects.bytes = sizeof(struct heap_object),
        .heap_lists.bytes = sizeof(struct snapshot_heap_list),
        .sites.bytes = sizeof(struct snapshot_symbol),
        .notes.bytes = sizeof(struct snapshot_thread_note),
        .n_numbers = (size_t)layout_number(&take->layout, NUMBER_record_thread_mask) + 1,
    };
    objects.n_numbers =
        min_size(objects.n_numbers, layout_number(&take->layout, NUMBER_thread_numbers));
    objects.has_thread = view_take(&take->scratch, objects.n_numbers + 1);
    if (objects.has_thread == NULL) {
        return take_fail(take, -ENOMEM, NULL);
    }
    int result = read_samples(&objects);
    result = result != 0 ? result : take_each_slab(take, add_slab, &objects);
    result = result != 0 ? result : add_heap_lists(&objects);
    result = result != 0 ? result : add_notes(&objects);
    if (result == -EFBIG) {
        return snapshot_fail(take->error, result, "these are more objects than a file can hold",
                             NULL);
    }
    if (result != 0) {
        return take_fail(take, result, "records of single objects");
    }
    keep(&objects);
    return 0;
}
