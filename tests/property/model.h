/* SPDX-License-Identifier: MIT */
/* What a pool ought to do, in plain arrays.
 *
 * THEORY
 *
 * A `struct model_pool` stands beside one real pool. Each operation is done to the real one; the
 * model knows from its own arrays what must come of it, and ends the test where something else
 * does. Equations that hold between any two operations:
 *
 *     live = got - put           hot + curr_stdalloc = live        live <= cap, where there is one
 *     constructed - destructed = slots and heap objects that are in their constructed state
 *
 * An object carries a pattern that only its model knows; a pool with a constructor keeps a mark in
 * front of it. Both are verified before the object is put, so an object that overlaps another, or
 * that the library writes to, is found. */
#ifndef TESTS_PROPERTY_MODEL_H
#define TESTS_PROPERTY_MODEL_H

#include "rng.h"

#include <mempool/mempool.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_LIVE_MAX = 3000, MODEL_PUT_KEPT = 16 };

struct model_object {
    char *address;
    uint64_t key;
    bool is_heap;
};

struct model_pool {
    struct mempool *pool;
    struct mempool_options options;
    struct rng rng;       /* of the constructor */
    size_t cap;           /* the most that may be live; 0: none */
    size_t n_live_wanted; /* the model itself stops there */
    bool is_destroyed;
    /* maintained by each operation */
    struct model_object live[MODEL_LIVE_MAX];
    size_t n_live, n_heap_live;
    uint64_t n_got, n_put, n_refused_min, n_refused_max, n_heap_got;
    size_t slots_live_max, heap_live_max;
    char *put_lately[MODEL_PUT_KEPT]; /* a ring; some may be live again */
    size_t put_lately_idx;
    /* maintained by the callbacks */
    uint64_t n_constructed, n_destructed, n_refused_constructions;
};

/* A pool of random shape, with its model. */
struct model_pool *model_create(struct rng *rng);

/* Operations on the real pool, and what the model says of them. */
void model_get(struct model_pool *model, struct rng *rng);
void model_put(struct model_pool *model, struct rng *rng);
void model_get_bulk(struct model_pool *model, struct rng *rng);
void model_put_bulk(struct model_pool *model, struct rng *rng);
void model_trim(struct model_pool *model);
/* A put that must be refused, whatever its kind. */
void model_misuse(struct model_pool *model, struct rng *rng);
/* The real pool ends; the model goes on until its last object is put. */
void model_destroy(struct model_pool *model);
/* The last object is put: the books of constructors must close. Frees the model. */
void model_bury(struct model_pool *model);

/* Claims about the pool as it stands. */
void model_check_stats(const struct model_pool *model);
void model_check_walk(const struct model_pool *model);
void model_check_describe(const struct model_pool *model, struct rng *rng);

/* The n-th live object is taken out of the model, contents verified, ready to be put. */
char *model_take(struct model_pool *model, size_t nth);

#endif
