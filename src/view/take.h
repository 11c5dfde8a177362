/* SPDX-License-Identifier: MIT */
/* The walk that makes a snapshot, and its steps, in their order. */
#ifndef MEMPOOL_VIEW_TAKE_H
#define MEMPOOL_VIEW_TAKE_H

#include "view/index.h"
#include "view/layout.h"
#include "view/snapshot.h"

enum {
    TAKE_THREADS_MAX = 1 << 16,    /* structs in a list that is followed */
    TAKE_COMPONENTS_MAX = 1 << 16,
    TAKE_ACCOUNTS_MAX = 1 << 16,
    TAKE_PLACES_MAX = 1 << 16,
    TAKE_PIECE_BYTES = 256 << 10,  /* of what is read in one go */
    TAKE_TRIES = 3,                /* to read what changes meanwhile */
};

/* What is known of a pool's place beside its row in the snapshot. */
struct take_place {
    int32_t pool;      /* index of the row; SNAPSHOT_NONE: no pool there */
    uint32_t slots;    /* of one slab */
    uint32_t chunks;   /* likewise */
    uint32_t tagged;
    uint64_t state;
    uint64_t home, slot_limit;
    uint64_t heap_gets, heap_puts, duplicates;
    uint64_t component; /* address */
    uint64_t rounds;    /* in the depot, parked ones too */
    uint64_t gets, puts, cached, caches; /* sums */
};

/* What an account's threads add up to. */
struct take_account {
    uint64_t component, type; /* addresses */
    int64_t granted, peak_bytes, peak_blocks;
    int64_t balances, thread_peak_bytes, thread_peak_blocks;
    uint64_t total_blocks, total_frees;
    unsigned n_threads;
};

struct take {
    struct layout layout;
    const struct snapshot_options *options;
    struct snapshot *snapshot;
    struct snapshot_error *error;
    struct view_memory scratch; /* goes at the end */
    uint64_t seconds;           /* the library's clock */
    struct take_place *places;
    uint32_t n_places;
    struct take_account *accounts; /* by number */
    uint32_t n_accounts;
    int32_t *account_rows;         /* by number: index in the snapshot, or SNAPSHOT_NONE */
    struct view_index components;  /* by address */
};

static inline int take_read(struct take *take, uint64_t address, void *into, size_t n) {
    return view_read(take->layout.source, address, into, n);
}

/* "no memory", or what could not be read. */
int take_fail(struct take *take, int code, const char *what);

/* The number of the place that an address of a depot is in; false: of none. */
bool take_place_of_depot(const struct take *take, uint64_t depot, uint32_t *ret_place);

/* The steps; 0 or a negative errno with the error filled. */
int take_pools(struct take *take);      /* rows, and counters that lie in the pools */
int take_components(struct take *take);
int take_accounts(struct take *take);
int take_threads(struct take *take);    /* their caches and tallies, added up */
int take_finish_pools(struct take *take);
int take_finish_accounts(struct take *take);
int take_groups(struct take *take);
int take_objects(struct take *take);    /* every slot */
int take_stacks(struct take *take);

/* A slab of a pool that has a row, and its records: with a tag behind each where its place says so.
 * They live until the next one. */
struct take_slab {
    uint64_t first_chunk;
    uint32_t place;
    const uint64_t *records;
};

/* A single allocation of a pool that has a row. */
struct take_heap_note {
    uint64_t object, record;
    uint32_t place;
};

/* Call `visit` for all of them, slabs by address; 0, or a negative errno: that of the source, or
 * what `visit` said. */
int take_each_slab(struct take *take, int (*visit)(void *argument, const struct take_slab *slab),
                   void *argument);
int take_each_heap_note(struct take *take,
                        int (*visit)(void *argument, const struct take_heap_note *note),
                        void *argument);

#endif
