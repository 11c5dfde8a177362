/* SPDX-License-Identifier: MIT */
/* Where a process keeps what: its publication, checked, and looked up by the names that we need.
 *
 * A struct of the process is read as a piece of bytes, as long as the process says; layout_get
 * takes a field out of it. Nothing here follows a pointer by itself. */
#ifndef MEMPOOL_VIEW_LAYOUT_H
#define MEMPOOL_VIEW_LAYOUT_H

#include "view/publication.h"
#include "view/snapshot.h"
#include "view/source.h"

#include <stdbool.h>

/* Whole structs: their sizes. */
#define LAYOUT_STRUCTS(X) \
    X(mempool) X(depot) X(thread) X(thread_note) X(cache) X(round) X(tally) X(account) \
    X(mempool_component) X(mempool_type) X(descriptor) X(slab) X(heap_note) X(sample_table) \
    X(sample) X(sample_stack)

#define LAYOUT_FIELDS(X) \
    X(mempool, on_empty) X(mempool, limit) X(mempool, object_align) X(mempool, construct) \
    X(mempool, name) X(mempool, serial) X(mempool, heap_live) X(mempool, heap_peak) \
    X(mempool, heap_gets) X(mempool, heap_puts) X(mempool, depot) \
    X(depot, state) X(depot, cache_offset) X(depot, count) X(depot, slot_limit) \
    X(depot, component) X(depot, uncached) X(depot, tight) X(depot, target) X(depot, n_slabs) \
    X(depot, slots) X(depot, home) X(depot, rounds) X(depot, parked_rounds) X(depot, peak) \
    X(depot, gets) X(depot, puts) X(depot, duplicates) X(depot, refused) X(depot, misuses) \
    X(depot, shape) \
    X(shape, object_bytes) X(shape, stride) X(shape, chunks) X(shape, slots) X(shape, tagged) \
    X(thread, table) X(thread, table_bytes) X(thread, heap_end) X(thread, tallies) \
    X(thread, tally_bytes) X(thread, number) X(thread, next_all) X(thread, in_use) \
    X(thread, generation) X(thread, seat_of) \
    X(thread_note, id) X(thread_note, attached_seconds) X(thread_note, exited) \
    X(thread_note, name) \
    X(cache, top) X(cache, left) X(cache, interval) X(cache, loaded) X(cache, depot) \
    X(cache, gets_before) X(cache, filled) X(cache, previous_n) X(cache, parked_n) \
    X(tally, room) X(tally, version) X(tally, floor) X(tally, high_blocks) X(tally, due) \
    X(tally, peak_bytes) X(tally, peak_blocks) \
    X(account, component) X(account, type) X(account, granted) X(account, peak_bytes) \
    X(account, peak_blocks) X(account, past_blocks) X(account, past_frees) \
    X(mempool_component, parent) X(mempool_component, next) X(mempool_component, generation) \
    X(mempool_component, ended) X(mempool_component, charged) X(mempool_component, pool_bytes) \
    X(mempool_component, hard_bytes) X(mempool_component, soft_bytes) \
    X(mempool_component, refused) X(mempool_component, name) \
    X(mempool_type, name) \
    X(descriptor, reciprocal) X(descriptor, slab) \
    X(slab, owner) X(slab, records) X(slab, first_chunk) \
    X(heap_note, next) X(heap_note, object) X(heap_note, pool) X(heap_note, record_value) \
    X(heap_note, serial) \
    X(sample_table, mean_bytes) X(sample_table, dropped) X(sample_table, samples) \
    X(sample_table, stacks) \
    X(sample_table, samples_used) X(sample_table, stacks_used) \
    X(sample, object) X(sample, thread) \
    X(sample_stack, version) X(sample_stack, samples) X(sample_stack, account) \
    X(sample_stack, owner) X(sample_stack, frames) X(sample_stack, n_frames) \
    X(sample_stack, count) X(sample_stack, bytes)

/* Numbers without a prefix, and roots: addresses of 8 bytes. */
#define LAYOUT_NUMBERS(X) \
    X(pools_start) X(pool_bytes) X(slabs_start) X(slab_bytes) X(descriptors_start) \
    X(arena_start) X(chunk_shift) X(heap_table_bytes) X(heap_table_none) \
    X(magazine_rounds) X(magazine_rounds_max) X(thread_numbers) X(state_alive) X(state_zombie) \
    X(record_state_mask) X(record_home) X(record_free) X(record_live) X(record_parked) \
    X(record_raw) X(record_used) X(record_thread_shift) X(record_thread_mask) \
    X(record_time_shift) X(record_time_mask) X(record_site_shift) X(tag_bytes_shift) \
    X(place_shift) X(room_bytes_shift) X(room_blocks_shift) X(room_blocks_mask) \
    X(room_ticks_mask) X(heap_buckets) X(heap_hash) X(sample_one) X(record_sampled_thread)
#define LAYOUT_ROOTS(X) \
    X(arena_used) X(places) X(threads) X(notes) X(accounts) X(n_accounts) X(components) \
    X(seconds) X(start_ms) X(heap_buckets) X(samples)

#define LAYOUT_ENUM_STRUCT(structure) SIZE_##structure,
#define LAYOUT_ENUM_FIELD(structure, field) FIELD_##structure##_##field,
#define LAYOUT_ENUM_NUMBER(name) NUMBER_##name,
#define LAYOUT_ENUM_ROOT(name) ROOT_OF_##name,
enum layout_struct { LAYOUT_STRUCTS(LAYOUT_ENUM_STRUCT) LAYOUT_N_STRUCTS };
enum layout_field { LAYOUT_FIELDS(LAYOUT_ENUM_FIELD) LAYOUT_N_FIELDS };
enum layout_number { LAYOUT_NUMBERS(LAYOUT_ENUM_NUMBER) LAYOUT_N_NUMBERS };
enum layout_root { LAYOUT_ROOTS(LAYOUT_ENUM_ROOT) LAYOUT_N_ROOTS };

enum {
    LAYOUT_MISUSES_MAX = 64,
    LAYOUT_STRUCT_BYTES_MAX = 16384, /* larger ones are not believed */
    LAYOUT_PLACE_SHIFT_MAX = 12,     /* likewise: a tally's place has 64 bytes, not 4096 */
};

struct layout_place {
    uint32_t offset, bytes;
};

struct layout_misuse {
    char kind[PUBLICATION_NAME_BYTES];
    uint64_t address;
};

struct layout {
    struct view_source *source;
    struct publication head;
    uint32_t sizes[LAYOUT_N_STRUCTS];
    struct layout_place fields[LAYOUT_N_FIELDS];
    uint64_t numbers[LAYOUT_N_NUMBERS];
    uint64_t roots[LAYOUT_N_ROOTS]; /* addresses */
    struct layout_misuse misuses[LAYOUT_MISUSES_MAX];
    size_t n_misuses;
    const struct publication_range *ranges; /* in `table` */
    size_t n_ranges;
    char *table; /* the whole publication; of the memory given */
};

/* Read and check a publication. 0; -EBADMSG: damaged, not of this machine's kind, or of a version
 * that we cannot read; or what the source said. *error says it in words. */
int layout_read(struct layout *layout, struct view_source *source, struct view_memory *memory,
                struct snapshot_error *error);

/* A range by name; NULL: not told. */
const struct publication_range *layout_range(const struct layout *layout, const char *name);

/* A root as it is now. */
int layout_root(const struct layout *layout, enum layout_root root, uint64_t *ret);

/* The second that the library's clock shows, or would: it stands still while nobody gets or puts,
 * that of the system goes on. */
int layout_seconds(const struct layout *layout, uint64_t *ret);

/* A field out of a struct's bytes: a number of 1, 2, 4 or 8 bytes, without sign. */
uint64_t layout_get(const struct layout *layout, const char *bytes, enum layout_field field);
/* The same with the sign of 8 bytes. */
static inline int64_t layout_get_signed(const struct layout *layout, const char *bytes,
                                        enum layout_field field) {
    return (int64_t)layout_get(layout, bytes, field);
}
/* A field that is a text. */
const char *layout_text(const struct layout *layout, const char *bytes, enum layout_field field,
                        struct view_memory *memory);
/* Where a struct lies inside another. */
static inline const char *layout_inner(const struct layout *layout, const char *bytes,
                                       enum layout_field field) {
    return bytes + layout->fields[field].offset;
}
/* Sums of what a process says: they wrap, and mean nothing then. */
static inline int64_t layout_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t layout_subtract(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}
static inline uint64_t layout_number(const struct layout *layout, enum layout_number number) {
    return layout->numbers[number];
}

/* Fill *error, and return code. */
int snapshot_fail(struct snapshot_error *error, int code, const char *what, const char *name);

#endif
