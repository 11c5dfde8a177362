/* SPDX-License-Identifier: MIT */
/* Short ways to make a pool and to read its counters. */
#ifndef TESTS_SUPPORT_POOLS_H
#define TESTS_SUPPORT_POOLS_H

#include "check.h"

#include <mempool/mempool.h>

/* Options with what every test sets, struct_size, name and component; add the rest. */
#define NAMED_POOL_OPTIONS(pool_name, ...)                                                        \
    (struct mempool_options) {                                                                    \
        .struct_size = sizeof(struct mempool_options), .name = (pool_name), .component = "test", \
        __VA_ARGS__                                                                               \
    }
#define POOL_OPTIONS(...) NAMED_POOL_OPTIONS("thing", __VA_ARGS__)

/* A pool that must come to be. */
static inline struct mempool *pool_of_options(const struct mempool_options *options) {
    struct mempool *pool = mempool_create(options);
    CHECK(pool != NULL);
    return pool;
}

/* A growing pool named test:thing. */
static inline struct mempool *pool_of(size_t object_bytes) {
    return pool_of_options(&POOL_OPTIONS(.object_bytes = object_bytes));
}

static inline struct mempool_stats pool_stats(const struct mempool *pool) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK(mempool_stats(pool, &stats) == 0);
    return stats;
}

/* Of a pool that one thread uses, max_alloc may be 1 too low, and never too high. */
static inline void check_max_alloc(const struct mempool_stats *stats, uint64_t truth) {
    CHECK(stats->max_alloc >= stats->hot && stats->max_alloc <= truth);
    CHECK(stats->max_alloc + 1 >= truth);
}

/* Live objects, wherever they are. */
static inline uint64_t pool_live(const struct mempool *pool) {
    struct mempool_stats stats = pool_stats(pool);
    return stats.hot + stats.curr_stdalloc;
}

static inline struct mempool_description address_description(const void *address) {
    struct mempool_description description = {.struct_size = sizeof description};
    CHECK(mempool_describe(address, &description) == 0);
    return description;
}

static inline enum mempool_state address_state(const void *address) {
    return address_description(address).state;
}

#endif
