/* SPDX-License-Identifier: MIT */
/* Magazines: arrays of free slots, the unit in which caches and depots trade.
 *
 * Capacities are 2^k - 1 rounds, so that header and rounds fill a power-of-two block exactly. */
#ifndef MEMPOOL_DEPOT_MAGAZINE_H
#define MEMPOOL_DEPOT_MAGAZINE_H

#include "slab/slab.h"

enum {
    MAGAZINE_ROUNDS_FIRST = 15, /* a quarter of a kilobyte */
    MAGAZINE_ROUNDS_MAX = 255, /* four kilobytes */
};

struct magazine {
    struct magazine *next; /* in a depot's list; of a cache's loaded one itself: who takes the last
                            * round prefetches what this leads to */
    _Atomic uint32_t n;    /* rounds; not kept while the magazine is a cache's loaded one */
    uint32_t capacity;
    struct round rounds[];
};

static inline size_t magazine_bytes(uint32_t capacity) {
    return sizeof(struct magazine) + capacity * sizeof(struct round);
}

/* Under the lock of whose it is. */
static inline struct round magazine_pop(struct magazine *magazine) {
    uint32_t n = load_relaxed(&magazine->n) - 1;
    store_relaxed(&magazine->n, n);
    return magazine->rounds[n];
}

static inline void magazine_push(struct magazine *magazine, struct round round) {
    uint32_t n = load_relaxed(&magazine->n);
    magazine->rounds[n] = round;
    store_relaxed(&magazine->n, n + 1);
}

/* An empty one; NULL: no memory. Takes space.lock. */
struct magazine *magazine_create(uint32_t capacity);
void magazine_destroy(struct magazine *magazine);

#endif
