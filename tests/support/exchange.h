/* SPDX-License-Identifier: MIT */
/* A place where threads leave objects for each other: bounded, locked, first in first out. */
#ifndef TESTS_SUPPORT_EXCHANGE_H
#define TESTS_SUPPORT_EXCHANGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXCHANGE_PLACES = 1024 };

/* One object on its way: its pool's number and its pattern's key travel with it. */
struct parcel {
    void *object;
    uint64_t key;
    size_t pool_idx;
};

struct exchange {
    pthread_mutex_t lock;
    size_t first, n_parcels;
    struct parcel parcels[EXCHANGE_PLACES];
};

#define EXCHANGE_EMPTY {.lock = PTHREAD_MUTEX_INITIALIZER}

/* false: full, and the caller keeps the parcel. */
static inline bool exchange_leave(struct exchange *exchange, struct parcel parcel) {
    pthread_mutex_lock(&exchange->lock);
    bool has_room = exchange->n_parcels < EXCHANGE_PLACES;
    if (has_room) {
        size_t last = (exchange->first + exchange->n_parcels) % EXCHANGE_PLACES;
        exchange->parcels[last] = parcel;
        exchange->n_parcels++;
    }
    pthread_mutex_unlock(&exchange->lock);
    return has_room;
}

/* false: empty. */
static inline bool exchange_fetch(struct exchange *exchange, struct parcel *ret_parcel) {
    pthread_mutex_lock(&exchange->lock);
    bool has_any = exchange->n_parcels > 0;
    if (has_any) {
        *ret_parcel = exchange->parcels[exchange->first];
        exchange->first = (exchange->first + 1) % EXCHANGE_PLACES;
        exchange->n_parcels--;
    }
    pthread_mutex_unlock(&exchange->lock);
    return has_any;
}

#endif
