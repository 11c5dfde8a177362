/* SPDX-License-Identifier: MIT */
/* Compare a walk over a pool with the objects that ought to be live. */
#ifndef TESTS_PROPERTY_LIVE_SET_H
#define TESTS_PROPERTY_LIVE_SET_H

#include "check.h"

#include <mempool/mempool.h>

#include <stdbool.h>
#include <stdlib.h>

/* The expected addresses in order, which of them the walk has met, and the last slot it met. */
struct live_set {
    struct mempool *pool;
    void **addresses;
    bool *is_met;
    size_t n_addresses, object_bytes;
    const char *slot_before;
};

static inline int live_set_compare(const void *left, const void *right) {
    const char *const *a = left, *const *b = right;
    return (*a > *b) - (*a < *b);
}

/* Slots come in address order and do not overlap; heap objects come in any order. */
static inline int live_set_meet(void *object, const struct mempool_description *description,
                                void *argument) {
    struct live_set *set = argument;
    CHECK(description->state == MEMPOOL_STATE_LIVE && description->object == object);
    CHECK(description->pool == set->pool && description->offset == 0);
    CHECK_EQUAL(description->object_bytes, set->object_bytes);
    void **found = bsearch(&object, set->addresses, set->n_addresses, sizeof object,
                           live_set_compare);
    CHECK(found != NULL && !set->is_met[found - set->addresses]);
    set->is_met[found - set->addresses] = true;
    if (description->heap == 0) {
        const char *slot = object;
        CHECK(set->slot_before == NULL
              || (slot > set->slot_before
                  && (size_t)(slot - set->slot_before) >= set->object_bytes));
        set->slot_before = slot;
    }
    return 0;
}

/* The pool's live objects are exactly these (the array is sorted on the way). */
static inline void live_set_check(struct mempool *pool, void **addresses, size_t n_addresses,
                                  size_t object_bytes) {
    bool *is_met = calloc(n_addresses + 1, sizeof *is_met);
    CHECK(is_met != NULL);
    struct live_set set = {.pool = pool,
                           .addresses = addresses,
                           .is_met = is_met,
                           .n_addresses = n_addresses,
                           .object_bytes = object_bytes};
    if (n_addresses > 0) {
        qsort(addresses, n_addresses, sizeof addresses[0], live_set_compare);
    }
    CHECK_EQUAL(mempool_walk(pool, live_set_meet, &set), n_addresses);
    free(is_met); /* as many visits as addresses, none twice: all were met */
}

#endif
