/* SPDX-License-Identifier: MIT */
/* A depot without a pool around it, and the equation that holds for every depot. */
#ifndef TESTS_DEPOT_DEPOTS_H
#define TESTS_DEPOT_DEPOTS_H

#include "check.h"

#include "depot/depot.h"

enum { DEPOTS_POOL_PLACE_BYTES = 640 };

/* An alive depot of objects of this size, number as given. Its lock is free. */
static inline void depot_begin(struct depot *depot, size_t object_bytes, uint32_t number) {
    struct shape shape;
    CHECK(space_init(DEPOTS_POOL_PLACE_BYTES, SLAB_BYTES) == 0);
    shape_init(&shape, object_bytes, 16, SHAPE_PLAIN);
    depot_init(depot, &shape, number);
    depot->name = "test:depot";
    store_relaxed(&depot->state, DEPOT_ALIVE);
}

/* What the lists hold is what the counters say. Cost: a visit to every slab and magazine. */
static inline void depot_check(struct depot *depot) {
    size_t n_slabs = 0, home = 0, rounds = 0;
    uint32_t n_spare = 0;
    for (struct list *at = depot->slabs.next; at != &depot->slabs; at = at->next) {
        const struct slab *slab = list_entry(at, struct slab, sibling);
        n_slabs++;
        home += slab->home;
        CHECK(load_relaxed(&slab->owner) == depot);
        CHECK(list_empty(&slab->link) == (slab->home == 0));
    }
    for (struct list *at = depot->partial.next; at != &depot->partial; at = at->next) {
        const struct slab *slab = list_entry(at, struct slab, link);
        CHECK(slab->home > 0 && slab->home < depot->shape.slots);
    }
    for (struct list *at = depot->empty.next; at != &depot->empty; at = at->next) {
        CHECK(list_entry(at, struct slab, link)->home == depot->shape.slots);
    }
    for (const struct magazine *at = depot->full; at != NULL; at = at->next) {
        CHECK(load_relaxed(&at->n) > 0 && load_relaxed(&at->n) <= at->capacity);
        rounds += load_relaxed(&at->n);
    }
    for (const struct magazine *at = depot->spare; at != NULL; at = at->next) {
        CHECK(load_relaxed(&at->n) == 0 && at->capacity == depot->target);
        n_spare++;
    }
    for (const struct magazine *at = depot->stale; at != NULL; at = at->next) {
        CHECK_EQUAL(load_relaxed(&at->n), 0);
    }
    rounds += depot->loose != NULL ? load_relaxed(&depot->loose->n) : 0;
    CHECK_EQUAL(load_relaxed(&depot->n_slabs), n_slabs);
    CHECK_EQUAL(load_relaxed(&depot->slots), n_slabs * depot->shape.slots);
    CHECK_EQUAL(load_relaxed(&depot->home), home);
    CHECK_EQUAL(load_relaxed(&depot->rounds), rounds);
    CHECK_EQUAL(depot->n_spare, n_spare);
    CHECK(depot->rounds_low <= rounds);
    CHECK(load_relaxed(&depot->slots) - home <= depot->slot_limit);
}

/* All that is in it goes; what is out stays out. */
static inline void depot_end(struct depot *depot) {
    struct slab *slab;
    (void)depot_send_home(depot, SIZE_MAX);
    depot_close(depot);
    depot_check(depot);
    CHECK_EQUAL(depot_out(depot), 0);
    CHECK(depot->full == NULL && depot->loose == NULL && depot->spare == NULL &&
          depot->stale == NULL);
    depot->count = 0;
    while ((slab = depot_detach_empty(depot, UINT32_MAX)) != NULL) {
        CHECK(slab_retire(slab, &depot->shape, SIZE_MAX, depot->number));
    }
    depot_check(depot);
    CHECK_EQUAL(load_relaxed(&depot->n_slabs), 0);
    store_relaxed(&depot->state, DEPOT_UNUSED);
}

#endif
