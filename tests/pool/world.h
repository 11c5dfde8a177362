/* SPDX-License-Identifier: MIT */
/* Several pools in use at once, and a model of what is live in each: every object carries a
 * pattern, every refusal must be one that is allowed. */
#ifndef TESTS_POOL_WORLD_H
#define TESTS_POOL_WORLD_H

#include "check.h"
#include "pattern.h"
#include "pools.h"

#include <mempool/mempool.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_POOLS = 7,
    WORLD_HELD_MAX = 8000,
};

struct held {
    void *object;
    size_t pool_idx;
    uint64_t key;
};

struct world {
    struct mempool *pools[WORLD_POOLS]; /* NULL: not there */
    size_t object_bytes[WORLD_POOLS];
    size_t limit[WORLD_POOLS]; /* SIZE_MAX: none */
    size_t n_live[WORLD_POOLS];
    struct held held[WORLD_HELD_MAX];
    size_t n_held;
    uint64_t next_key;
    bool may_fail; /* the system may refuse memory */
    size_t n_refused;
};

/* Make pool `idx`; where memory may be refused, it may stay away. */
static inline void world_create(struct world *world, size_t idx,
                                const struct mempool_options *options) {
    errno = 0;
    struct mempool *pool = mempool_create(options);
    CHECK(pool != NULL || (world->may_fail && errno == ENOMEM));
    bool bounded = options->limit != 0;
    world->pools[idx] = pool;
    world->object_bytes[idx] = options->object_bytes;
    world->limit[idx] = bounded                               ? options->limit
                        : options->on_empty == MEMPOOL_FAIL ? options->count
                                                              : SIZE_MAX;
}

static inline void world_note(struct world *world, size_t idx, void *object) {
    CHECK(world->n_held < WORLD_HELD_MAX);
    CHECK(world->n_live[idx] < world->limit[idx]);
    struct held held = {object, idx, world->next_key++};
    pattern_fill(object, world->object_bytes[idx], held.key);
    world->held[world->n_held++] = held;
    world->n_live[idx]++;
}

/* A refusal is right at the limit, and where the system may refuse memory. */
static inline void world_note_refusal(struct world *world, size_t idx) {
    CHECK(errno == ENOMEM);
    CHECK(world->may_fail || world->n_live[idx] == world->limit[idx]);
    world->n_refused++;
}

static inline void world_get(struct world *world, size_t idx, size_t n) {
    for (size_t i = 0; i < n && world->pools[idx] != NULL; i++) {
        errno = 0;
        void *object = mempool_get(world->pools[idx]);
        if (object != NULL) {
            CHECK(errno == 0);
            world_note(world, idx, object);
        } else {
            world_note_refusal(world, idx);
        }
    }
}

static inline void world_get_bulk(struct world *world, size_t idx, size_t n) {
    void *objects[256];
    CHECK(n <= sizeof objects / sizeof objects[0]);
    if (world->pools[idx] == NULL) {
        return;
    }
    errno = 0;
    size_t got = mempool_get_bulk(world->pools[idx], objects, n);
    CHECK(got <= n);
    for (size_t i = 0; i < got; i++) {
        world_note(world, idx, objects[i]);
    }
    if (got < n) {
        world_note_refusal(world, idx);
    }
}

/* Take the i-th object out of the model, its pattern checked. */
static inline void *world_take_out(struct world *world, size_t i) {
    struct held held = world->held[i];
    CHECK(pattern_intact(held.object, world->object_bytes[held.pool_idx], held.key));
    world->held[i] = world->held[--world->n_held];
    world->n_live[held.pool_idx]--;
    return held.object;
}

/* Put every `step`-th object, last first; errno stays as it was. */
static inline void world_put(struct world *world, size_t step) {
    for (size_t i = world->n_held; i > 0; i--) {
        if (i % step == 0) {
            errno = EXDEV;
            mempool_put(world_take_out(world, i - 1));
            CHECK(errno == EXDEV);
        }
    }
}

static inline void world_put_bulk(struct world *world, size_t n) {
    void *objects[256];
    size_t n_objects = 0;
    CHECK(n <= sizeof objects / sizeof objects[0]);
    while (n_objects < n && world->n_held > 0) {
        objects[n_objects++] = world_take_out(world, world->n_held / 2);
    }
    mempool_put_bulk(objects, n_objects);
}

/* At rest: the pools' counts are the model's, and all that is out is as it was written. */
static inline void world_check(const struct world *world) {
    for (size_t idx = 0; idx < WORLD_POOLS; idx++) {
        if (world->pools[idx] != NULL) {
            CHECK_EQUAL(pool_live(world->pools[idx]), world->n_live[idx]);
        }
    }
    for (size_t i = 0; i < world->n_held; i++) {
        const struct held *held = &world->held[i];
        CHECK(pattern_intact(held->object, world->object_bytes[held->pool_idx], held->key));
    }
}

static inline void world_destroy(struct world *world, size_t idx) {
    if (world->pools[idx] != NULL) {
        CHECK_EQUAL(mempool_destroy(world->pools[idx]), world->n_live[idx]);
        world->pools[idx] = NULL;
    }
}

#endif
