/* SPDX-License-Identifier: MIT */
/* Threads: their caches and tallies, added up by pool and by account.
 *
 * A thread may end while we look, and its struct be another's: its generation tells, and what was
 * read is then thrown away and read again. */
#include "base/bits.h"
#include "base/text.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

enum { TALLY_TRIES = 16, PROCESSOR_NAME_BYTES = 32 };

/* What is read of one thread before anything of it is counted. */
struct reading {
    char *bytes;      /* struct thread */
    char *note;       /* struct thread_note; a handler's stack may be small */
    char *table;      /* caches of pools, then of classes */
    size_t table_room, table_bytes;
    char *tallies;
    size_t tallies_room, tally_bytes;
    uint64_t tallies_address;
};

static uint64_t field_of(const struct take *take, const struct reading *reading,
                         enum layout_field field) {
    return layout_get(&take->layout, reading->bytes, field);
}

/* Room of so many bytes, which only grows. How many they are the process says. */
static bool have_room(struct take *take, char **buffer, size_t *room, size_t bytes) {
    if (bytes > *room) {
        char *larger = bytes <= SIZE_MAX / 2 ? view_take(&take->scratch, bytes * 2) : NULL;
        if (larger == NULL) {
            return false;
        }
        *buffer = larger;
        *room = bytes * 2;
    }
    return true;
}

/* Both tables, one behind the other. */
static int read_tables(struct take *take, struct reading *reading) {
    const struct layout *layout = &take->layout;
    size_t cache_bytes = layout->sizes[SIZE_cache];
    uint64_t pools = field_of(take, reading, FIELD_thread_table_bytes);
    uint64_t classes = layout_number(layout, NUMBER_heap_table_bytes);
    uint64_t heap_end = field_of(take, reading, FIELD_thread_heap_end);
    if (heap_end == 0 || heap_end == layout_number(layout, NUMBER_heap_table_none)) {
        classes = 0;
    }
    if (pools > 2 * TAKE_PLACES_MAX * cache_bytes) {
        return -EBADMSG;
    }
    if (!have_room(take, &reading->table, &reading->table_room, pools + classes + 1)) {
        return -ENOMEM;
    }
    int result = pools == 0 ? 0 : take_read(take, field_of(take, reading, FIELD_thread_table),
                                            reading->table, pools);
    if (result == 0 && classes > 0) {
        result = take_read(take, heap_end - classes, reading->table + pools, classes);
    }
    reading->table_bytes = pools + classes;
    return result;
}

static int read_tallies(struct take *take, struct reading *reading) {
    uint64_t bytes = field_of(take, reading, FIELD_thread_tally_bytes);
    uint64_t used = (uint64_t)take->n_accounts << layout_number(&take->layout, NUMBER_place_shift);
    bytes = bytes < used ? bytes : used;
    reading->tally_bytes = bytes;
    reading->tallies_address = field_of(take, reading, FIELD_thread_tallies);
    if (bytes == 0) {
        return 0;
    }
    if (!have_room(take, &reading->tallies, &reading->tallies_room, bytes)) {
        return -ENOMEM;
    }
    return take_read(take, reading->tallies_address, reading->tallies, bytes);
}

/* 0; -EAGAIN: it became another's meanwhile. */
static int read_thread(struct take *take, uint64_t address, struct reading *reading) {
    int result = take_read(take, address, reading->bytes, take->layout.sizes[SIZE_thread]);
    if (result != 0 || field_of(take, reading, FIELD_thread_in_use) == 0) {
        return result;
    }
    uint64_t generation = field_of(take, reading, FIELD_thread_generation);
    result = read_tables(take, reading);
    result = result != 0 ? result : read_tallies(take, reading);
    const struct layout_place *place = &take->layout.fields[FIELD_thread_generation];
    char now[sizeof(uint64_t)] = {0};
    if (place->bytes > sizeof now) {
        return -EBADMSG;
    }
    int again = take_read(take, address + place->offset, now, place->bytes);
    uint64_t value = 0;
    memcpy(&value, now, sizeof value);
    if (again == 0 && value != generation) {
        return -EAGAIN;
    }
    return result != 0 ? result : again;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* As cache/cache.h and cache.c. */
static uint64_t rounds_of(const struct layout *layout, const char *cache) {
    uint64_t loaded = layout_get(layout, cache, FIELD_cache_loaded);
    uint64_t rounds = 0;
    if (loaded != 0) {
        uint64_t first = loaded + layout_number(layout, NUMBER_magazine_rounds);
        rounds = (layout_get(layout, cache, FIELD_cache_top) - first) / layout->sizes[SIZE_round];
    }
    rounds = rounds <= layout_number(layout, NUMBER_magazine_rounds_max) ? rounds : 0;
    return rounds + layout_get(layout, cache, FIELD_cache_previous_n) +
           layout_get(layout, cache, FIELD_cache_parked_n);
}

static void count_cache(struct take *take, const char *cache, struct snapshot_thread *row) {
    const struct layout *layout = &take->layout;
    uint64_t depot = layout_get(layout, cache, FIELD_cache_depot);
    uint32_t number;
    if (depot == 0 || !take_place_of_depot(take, depot, &number)) {
        return;
    }
    struct take_place *place = &take->places[number];
    if (place->pool == SNAPSHOT_NONE) {
        return;
    }
    uint64_t rounds = rounds_of(layout, cache);
    uint64_t gets = layout_get(layout, cache, FIELD_cache_gets_before) +
                    layout_get(layout, cache, FIELD_cache_interval) -
                    layout_get(layout, cache, FIELD_cache_left);
    place->gets += gets;
    place->puts += rounds + gets - layout_get(layout, cache, FIELD_cache_filled);
    place->cached += rounds;
    place->caches++;
    row->caches++;
    row->cached_objects += rounds;
    row->cached_bytes += rounds * take->snapshot->pools[place->pool].padded_bytes;
}

/* As account/tally.c. */
static void count_tally(struct take *take, const char *tally, struct take_account *account,
                        struct snapshot_thread *row) {
    const struct layout *layout = &take->layout;
    uint64_t room = layout_get(layout, tally, FIELD_tally_room);
    uint64_t bytes = room >> layout_number(layout, NUMBER_room_bytes_shift);
    uint64_t blocks = room >> layout_number(layout, NUMBER_room_blocks_shift) &
                      layout_number(layout, NUMBER_room_blocks_mask);
    int64_t balance =
        layout_add(layout_get_signed(layout, tally, FIELD_tally_floor), (int64_t)bytes);
    int64_t net = layout_subtract(layout_get_signed(layout, tally, FIELD_tally_high_blocks),
                                  (int64_t)blocks);
    uint64_t got = layout_get(layout, tally, FIELD_tally_due) -
                   (room & layout_number(layout, NUMBER_room_ticks_mask));
    if (got == 0 && net == 0 && balance == 0) {
        return;
    }
    account->balances = layout_add(account->balances, balance);
    account->thread_peak_bytes = layout_get_signed(layout, tally, FIELD_tally_peak_bytes);
    account->thread_peak_blocks = layout_get_signed(layout, tally, FIELD_tally_peak_blocks);
    account->total_blocks += got;
    account->total_frees += got - (uint64_t)net;
    account->n_threads++;
    row->granted_bytes += balance > 0 ? (uint64_t)balance : 0;
}

/* One that its owner was changing while it was read is read again. */
static void count_tallies(struct take *take, struct reading *reading,
                          struct snapshot_thread *row) {
    const struct layout *layout = &take->layout;
    size_t tally_bytes = layout->sizes[SIZE_tally];
    size_t stride = (size_t)1 << layout_number(layout, NUMBER_place_shift);
    for (size_t at = stride, number = 1;
         number < take->n_accounts && at + tally_bytes <= reading->tally_bytes;
         at += stride, number++) {
        char *tally = reading->tallies + at;
        for (int tries = 0; tries < TALLY_TRIES; tries++) {
            if (layout_get(layout, tally, FIELD_tally_version) % 2 == 0 ||
                take_read(take, reading->tallies_address + at, tally, tally_bytes) != 0) {
                break;
            }
        }
        count_tally(take, tally, &take->accounts[number], row);
    }
}

static void name_thread(struct take *take, char *note, struct snapshot_thread *row) {
    const struct layout *layout = &take->layout;
    uint64_t notes;
    size_t bytes = layout->sizes[SIZE_thread_note];
    row->name = "";
    if (row->number == 0 || row->number >= layout_number(layout, NUMBER_thread_numbers) ||
        layout_root(layout, ROOT_OF_notes, &notes) != 0 ||
        take_read(take, notes + row->number * (uint64_t)bytes, note, bytes) != 0) {
        return;
    }
    const char *name = layout_text(layout, note, FIELD_thread_note_name, &take->snapshot->memory);
    row->name = name != NULL ? name : "";
    row->id = layout_get_signed(layout, note, FIELD_thread_note_id);
    row->attached_seconds = (int64_t)(
        take->seconds - layout_get(layout, note, FIELD_thread_note_attached_seconds));
}

/* Caches that the threads on a processor share (cache/seat.h). */
static void name_processor(struct take *take, uint64_t processor, struct snapshot_thread *row) {
    struct text text;
    char name[PROCESSOR_NAME_BYTES];
    text_init(&text, name, sizeof name);
    text_add(&text, "processor ");
    text_add_unsigned(&text, processor);
    const char *kept = view_take_text(&take->snapshot->memory, name, text.length);
    row->is_processor = true;
    row->attached_seconds = -1;
    row->name = kept != NULL ? kept : "";
}

static void count_thread(struct take *take, struct reading *reading) {
    struct snapshot *snapshot = take->snapshot;
    size_t cache_bytes = take->layout.sizes[SIZE_cache];
    struct snapshot_thread *row = &snapshot->threads[snapshot->n_threads++];
    row->number = (uint32_t)field_of(take, reading, FIELD_thread_number);
    if (field_of(take, reading, FIELD_thread_seat_of) != 0) {
        name_processor(take, field_of(take, reading, FIELD_thread_seat_of) - 1, row);
    } else {
        name_thread(take, reading->note, row);
        snapshot->n_running++;
    }
    for (size_t at = 0; at + cache_bytes <= reading->table_bytes; at += cache_bytes) {
        count_cache(take, reading->table + at, row);
    }
    count_tallies(take, reading, row);
}

/* ---- the list -------------------------------------------------------------------------------- */

static int visit_thread(struct take *take, uint64_t address, struct reading *reading) {
    int result = -EAGAIN;
    for (int tries = 0; tries < TAKE_TRIES && result == -EAGAIN; tries++) {
        result = read_thread(take, address, reading);
    }
    if (result == 0 && field_of(take, reading, FIELD_thread_in_use) != 0) {
        count_thread(take, reading);
    }
    return result == -EAGAIN ? 0 : result; /* threads come and go: this one is left out */
}

/* Addresses first, so that there are as many rows as there can be. */
static int list_threads(struct take *take, struct reading *reading, uint64_t **ret, size_t *ret_n) {
    uint64_t at;
    size_t n = 0, capacity = 0;
    uint64_t *list = NULL;
    int result = layout_root(&take->layout, ROOT_OF_threads, &at);
    while (result == 0 && at != 0) {
        if (n == TAKE_THREADS_MAX) {
            return -EBADMSG;
        }
        if (n == capacity) {
            uint64_t *longer = view_take_array(&take->scratch, capacity * 2 + 64, sizeof list[0]);
            if (longer == NULL) {
                return -ENOMEM;
            }
            if (n > 0) {
                memcpy(longer, list, n * sizeof list[0]);
            }
            list = longer;
            capacity = capacity * 2 + 64;
        }
        list[n++] = at;
        result = take_read(take, at, reading->bytes, take->layout.sizes[SIZE_thread]);
        at = field_of(take, reading, FIELD_thread_next_all);
    }
    *ret = list;
    *ret_n = n;
    return result;
}

int take_threads(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    const uint32_t *sizes = take->layout.sizes;
    struct reading reading = {
        .bytes = view_take(&take->scratch, sizes[SIZE_thread]),
        .note = view_take(&take->scratch, sizes[SIZE_thread_note]),
    };
    uint64_t *list = NULL;
    size_t n = 0;
    bool has_room = reading.bytes != NULL && reading.note != NULL;
    int result = has_room ? list_threads(take, &reading, &list, &n) : -ENOMEM;
    if (result == 0) {
        snapshot->threads = view_take_array(&snapshot->memory, n, sizeof snapshot->threads[0]);
        result = snapshot->threads != NULL ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < n && result == 0; i++) {
        result = visit_thread(take, list[i], &reading);
    }
    return result != 0 ? take_fail(take, result, "threads") : 0;
}
