/* SPDX-License-Identifier: MIT */
/* Writing the publication (view/publication.h): what of which struct is where.
 *
 * A reader finds everything by the names here. So a field may move, and a struct may grow; but
 * whose meaning changes needs another name. */
#include "account/books.h"
#include "account/tally.h"
#include "base/text.h"
#include "misuse/kinds.h"
#include "pool/heap.h"
#include "pool/registry.h"
#include "pool/runtime.h"
#include "record/control.h"
#include "sample/rate.h"
#include "sample/table.h"
#include "view/publication.h"
#include "vm/space.h"

#include <string.h>

#define WHOLE(type) {#type, "", 0, sizeof(struct type)}
#define FIELD(type, field) \
    {#type, #field, offsetof(struct type, field), sizeof(((struct type *)0)->field)}

static const struct publication_field fields[] = {
    WHOLE(mempool),
    FIELD(mempool, on_empty),
    FIELD(mempool, limit),
    FIELD(mempool, object_align),
    FIELD(mempool, construct),
    FIELD(mempool, name),
    FIELD(mempool, serial),
    FIELD(mempool, heap_live),
    FIELD(mempool, heap_peak),
    FIELD(mempool, heap_gets),
    FIELD(mempool, heap_puts),
    FIELD(mempool, depot),
    WHOLE(depot),
    FIELD(depot, state),
    FIELD(depot, number),
    FIELD(depot, cache_offset),
    FIELD(depot, count),
    FIELD(depot, slot_limit),
    FIELD(depot, component),
    FIELD(depot, uncached),
    FIELD(depot, tight),
    FIELD(depot, target),
    FIELD(depot, n_slabs),
    FIELD(depot, slots),
    FIELD(depot, home),
    FIELD(depot, rounds),
    FIELD(depot, parked_rounds),
    FIELD(depot, peak),
    FIELD(depot, gets),
    FIELD(depot, puts),
    FIELD(depot, duplicates),
    FIELD(depot, refused),
    FIELD(depot, misuses),
    FIELD(depot, shape),
    FIELD(shape, object_bytes),
    FIELD(shape, stride),
    FIELD(shape, chunks),
    FIELD(shape, slots),
    FIELD(shape, tagged),
    WHOLE(thread),
    FIELD(thread, table),
    FIELD(thread, table_bytes),
    FIELD(thread, heap_end),
    FIELD(thread, tallies),
    FIELD(thread, tally_bytes),
    FIELD(thread, number),
    FIELD(thread, next_all),
    FIELD(thread, in_use),
    FIELD(thread, generation),
    FIELD(thread, seat_of),
    WHOLE(thread_note),
    FIELD(thread_note, id),
    FIELD(thread_note, attached_seconds),
    FIELD(thread_note, exited),
    FIELD(thread_note, name),
    WHOLE(cache),
    FIELD(cache, top),
    FIELD(cache, left),
    FIELD(cache, interval),
    FIELD(cache, loaded),
    FIELD(cache, depot),
    FIELD(cache, gets_before),
    FIELD(cache, filled),
    FIELD(cache, previous_n),
    FIELD(cache, parked_n),
    WHOLE(round),
    WHOLE(tally),
    FIELD(tally, room),
    FIELD(tally, version),
    FIELD(tally, floor),
    FIELD(tally, high_blocks),
    FIELD(tally, due),
    FIELD(tally, peak_bytes),
    FIELD(tally, peak_blocks),
    WHOLE(account),
    FIELD(account, component),
    FIELD(account, type),
    FIELD(account, granted),
    FIELD(account, peak_bytes),
    FIELD(account, peak_blocks),
    FIELD(account, past_blocks),
    FIELD(account, past_frees),
    WHOLE(mempool_component),
    FIELD(mempool_component, parent),
    FIELD(mempool_component, next),
    FIELD(mempool_component, generation),
    FIELD(mempool_component, ended),
    FIELD(mempool_component, charged),
    FIELD(mempool_component, pool_bytes),
    FIELD(mempool_component, hard_bytes),
    FIELD(mempool_component, soft_bytes),
    FIELD(mempool_component, refused),
    FIELD(mempool_component, name),
    WHOLE(mempool_type),
    FIELD(mempool_type, number),
    FIELD(mempool_type, name),
    WHOLE(descriptor),
    FIELD(descriptor, reciprocal),
    FIELD(descriptor, slab),
    WHOLE(slab),
    FIELD(slab, owner),
    FIELD(slab, records),
    FIELD(slab, first_chunk),
    WHOLE(heap_note),
    FIELD(heap_note, next),
    FIELD(heap_note, object),
    FIELD(heap_note, pool),
    FIELD(heap_note, record_value),
    FIELD(heap_note, serial),
    WHOLE(sample_table),
    FIELD(sample_table, mean_bytes),
    FIELD(sample_table, samples),
    FIELD(sample_table, stacks),
    FIELD(sample_table, samples_used),
    FIELD(sample_table, stacks_used),
    FIELD(sample_table, dropped),
    WHOLE(sample),
    FIELD(sample, object),
    FIELD(sample, thread),
    WHOLE(sample_stack),
    FIELD(sample_stack, version),
    FIELD(sample_stack, samples),
    FIELD(sample_stack, account),
    FIELD(sample_stack, owner),
    FIELD(sample_stack, frames),
    FIELD(sample_stack, n_frames),
    FIELD(sample_stack, count),
    FIELD(sample_stack, bytes),
};

enum { N_FIELDS = sizeof fields / sizeof fields[0] };

/* The tables behind the header, as they are filled. */
struct tables {
    struct publication_number *numbers;
    uint32_t n_numbers;
    struct publication_range *ranges;
    uint32_t n_ranges;
};

enum { NUMBERS_MAX = 128, RANGES_MAX = 16 };
_Static_assert(sizeof(struct publication) + sizeof fields +
                       NUMBERS_MAX * sizeof(struct publication_number) +
                       RANGES_MAX * sizeof(struct publication_range) <=
                   PUBLICATION_BYTES,
               "header and tables have room");

static void name_it(char *ret, const char *prefix, const char *name) {
    struct text text;
    text_init(&text, ret, PUBLICATION_NAME_BYTES);
    text_add(&text, prefix);
    text_add(&text, name);
}

static void add_number(struct tables *tables, const char *prefix, const char *name,
                       uint64_t value) {
    struct publication_number *number = &tables->numbers[tables->n_numbers++];
    name_it(number->name, prefix, name);
    number->value = value;
}

/* Of a piece of the address space. */
static void add_range(struct tables *tables, const char *name, const void *start, size_t bytes) {
    struct publication_range *range = &tables->ranges[tables->n_ranges++];
    uintptr_t distance = (uintptr_t)start - (uintptr_t)space.shared;
    name_it(range->name, "", name);
    range->start = (uintptr_t)start;
    range->bytes = bytes;
    range->file_offset =
        space.shared != NULL && distance < space.shared_bytes ? distance : UINT64_MAX;
}

static void add_area(struct tables *tables, const char *name, const struct area *area) {
    add_range(tables, name, area->start, area->bytes);
}

static void add_roots(struct tables *tables) {
    static const char *const names[ROOT_MISUSES] = {
        [ROOT_ARENA_USED] = "arena_used", [ROOT_PLACES] = "places",
        [ROOT_THREADS] = "threads",       [ROOT_NOTES] = "notes",
        [ROOT_ACCOUNTS] = "accounts",     [ROOT_N_ACCOUNTS] = "n_accounts",
        [ROOT_COMPONENTS] = "components", [ROOT_SECONDS] = "seconds",
        [ROOT_START_MS] = "start_ms",
        [ROOT_SAMPLES] = "samples",
    };
    const _Atomic(uint64_t) *roots = load_relaxed(&space_roots);
    for (int i = 0; i < ROOT_MISUSES; i++) {
        add_number(tables, "root.", names[i], (uintptr_t)&roots[i]);
    }
    for (int i = 0; i < MEMPOOL_MISUSE_KINDS; i++) {
        add_number(tables, "misuse.", misuse_kinds[i].name, (uintptr_t)&roots[ROOT_MISUSES + i]);
    }
    add_number(tables, "root.", "heap_buckets", (uintptr_t)heap_buckets_place());
    add_number(tables, "", "heap_buckets", HEAP_BUCKETS);
    add_number(tables, "", "heap_hash", HEAP_HASH);
}
_Static_assert((int)MEMPOOL_MISUSE_KINDS <= ROOTS - ROOT_MISUSES, "each kind has a root");

static void add_constants(struct tables *tables) {
    add_number(tables, "", "pools_start", (uintptr_t)space.pools.start);
    add_number(tables, "", "pool_bytes", POOL_BYTES);
    add_number(tables, "", "slabs_start", (uintptr_t)space.slabs.start);
    add_number(tables, "", "slab_bytes", SLAB_BYTES);
    add_number(tables, "", "descriptors_start", (uintptr_t)space.descriptors);
    add_number(tables, "", "arena_start", space.arena_start);
    add_number(tables, "", "chunk_shift", CHUNK_SHIFT);
    add_number(tables, "", "control", (uintptr_t)&recording_control);
    add_number(tables, "", "heap_table_bytes", HEAP_TABLE_BYTES);
    add_number(tables, "", "heap_table_none",
               (uintptr_t)(thread_no_heap_table + HEAP_TABLE_BYTES));
    add_number(tables, "", "magazine_rounds_max", MAGAZINE_ROUNDS_MAX);
    add_number(tables, "", "magazine_rounds", offsetof(struct magazine, rounds));
    add_number(tables, "", "thread_numbers", THREAD_NUMBERS);
    add_number(tables, "", "state_alive", DEPOT_ALIVE);
    add_number(tables, "", "state_zombie", DEPOT_ZOMBIE);
    add_number(tables, "", "record_state_mask", RECORD_STATE_MASK);
    add_number(tables, "", "record_home", RECORD_HOME);
    add_number(tables, "", "record_free", RECORD_FREE);
    add_number(tables, "", "record_live", RECORD_LIVE);
    add_number(tables, "", "record_parked", RECORD_PARKED);
    add_number(tables, "", "record_raw", RECORD_RAW);
    add_number(tables, "", "record_used", RECORD_USED);
    add_number(tables, "", "record_thread_shift", RECORD_THREAD_SHIFT);
    add_number(tables, "", "record_thread_mask", RECORD_THREAD_MASK);
    add_number(tables, "", "record_time_shift", RECORD_TIME_SHIFT);
    add_number(tables, "", "record_time_mask", RECORD_TIME_MASK);
    add_number(tables, "", "record_site_shift", RECORD_SITE_SHIFT);
    add_number(tables, "", "tag_bytes_shift", TAG_BYTES_SHIFT);
    add_number(tables, "", "place_shift", PLACE_SHIFT);
    add_number(tables, "", "room_bytes_shift", ROOM_BYTES_SHIFT);
    add_number(tables, "", "room_blocks_shift", ROOM_BLOCKS_SHIFT);
    add_number(tables, "", "room_blocks_mask", ROOM_BLOCKS_MAX);
    add_number(tables, "", "room_ticks_mask", ROOM_TICKS_MAX);
    add_number(tables, "", "sample_one", SAMPLE_ONE);
    add_number(tables, "", "record_sampled_thread", RECORD_THREAD_MASK);
}

static void add_ranges(struct tables *tables) {
    add_area(tables, "publication", &space.publication);
    add_area(tables, "pools", &space.pools);
    add_area(tables, "slabs", &space.slabs);
    add_area(tables, "descriptors", &space.descriptor_area);
    add_area(tables, "blocks", &space.blocks);
    add_area(tables, "records", &space.records);
    add_range(tables, "arena", (const void *)space.arena_start, space.arena_bytes); /* NOLINT */
    add_range(tables, "reservation", space.reservation, space.reservation_bytes);
    add_range(tables, "heap_buckets", heap_buckets_place(), sizeof(void *));
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t checksum(const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void copy_text(char *ret, size_t bytes, const char *from) {
    struct text text;
    text_init(&text, ret, bytes);
    text_add(&text, from);
}

static void fill_head(struct publication *head) {
    uint32_t microseconds;
    memset(head, 0, sizeof *head);
    memcpy(head->magic, PUBLICATION_MAGIC, sizeof head->magic);
    head->order = PUBLICATION_ORDER;
    head->major = PUBLICATION_MAJOR;
    head->minor = PUBLICATION_MINOR;
    head->pointer_bytes = sizeof(void *);
    head->address = (uintptr_t)head;
    head->pid = (uint64_t)sys_process_id();
    head->start_seconds = (uint64_t)sys_wall_clock(&microseconds);
    copy_text(head->version, sizeof head->version, MEMPOOL_VERSION);
    copy_text(head->program, sizeof head->program, sys_program_name());
}

void runtime_publish(void) {
    struct publication *head = space_publication(PUBLICATION_BYTES);
    if (head == NULL) {
        return;
    }
    struct publication_field *published = (struct publication_field *)(void *)(head + 1);
    struct tables tables = {.numbers = (void *)(published + N_FIELDS)};
    tables.ranges = (void *)(tables.numbers + NUMBERS_MAX);
    fill_head(head);
    memcpy(published, fields, sizeof fields);
    add_roots(&tables);
    add_constants(&tables);
    add_ranges(&tables);
    head->fields = sizeof *head;
    head->n_fields = N_FIELDS;
    head->numbers = (uint32_t)((char *)tables.numbers - (char *)head);
    head->n_numbers = tables.n_numbers;
    head->ranges = (uint32_t)((char *)tables.ranges - (char *)head);
    head->n_ranges = tables.n_ranges;
    head->bytes = head->ranges + RANGES_MAX * sizeof *tables.ranges;
    head->checksum = checksum(head, head->bytes);
}
