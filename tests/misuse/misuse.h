/* SPDX-License-Identifier: MIT */
/* What the programs in this folder share: each commits one misuse, which its header comment names.
 *
 * The header comment is read by run.py, which explains its keys. */
#ifndef TESTS_MISUSE_MISUSE_H
#define TESTS_MISUSE_MISUSE_H

#include "check.h"
#include "pools.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A function whose name must stand in a report as a call site: one copy, called as written. */
#if defined(__clang__)
#define CALL_SITE __attribute__((noinline))
#else
#define CALL_SITE __attribute__((noipa))
#endif

enum { ERRNO_BEFORE = 4711 };

/* Put what must be refused: errno has to survive it. (A macro: the site is the caller's.) */
#define PUT_MISUSED(address)                                                                      \
    do {                                                                                          \
        errno = ERRNO_BEFORE;                                                                     \
        mempool_put(address);                                                                     \
        CHECK(errno == ERRNO_BEFORE);                                                             \
    } while (0)

/* So many misuses of this kind were counted, and none of any other. */
#define CHECK_ONLY_MISUSES(kind, n)                                                               \
    do {                                                                                          \
        CHECK_EQUAL(mempool_misuse_count(kind), n);                                               \
        CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), n);                               \
    } while (0)

/* Objects that a pool gives out are distinct and nobody else's, whatever was done to it before. */
static inline void check_pool_is_sound(struct mempool *pool) {
    enum { N_OBJECTS = 300 };
    void *objects[N_OBJECTS];
    uint64_t live_before = pool_live(pool);
    size_t object_bytes = (size_t)pool_stats(pool).object_bytes;
    for (int i = 0; i < N_OBJECTS; i++) {
        objects[i] = mempool_get(pool);
        CHECK(objects[i] != NULL);
        memset(objects[i], 0, object_bytes);
        memcpy(objects[i], &i, object_bytes < sizeof i ? object_bytes : sizeof i);
    }
    CHECK_EQUAL(pool_live(pool), live_before + N_OBJECTS);
    for (int i = 0; i < N_OBJECTS; i++) {
        CHECK(memcmp(objects[i], &i, object_bytes < sizeof i ? object_bytes : sizeof i) == 0);
        mempool_put(objects[i]);
    }
    CHECK_EQUAL(pool_live(pool), live_before);
}

/* A pointer that is no pool's is refused, counted, and hurts neither it nor a pool. */
static inline void put_foreign(void *address) {
    struct mempool *pool = pool_of(64);
    void *object = mempool_get(pool);
    PUT_MISUSED(address);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
    CHECK(mempool_of(object) == pool);
    mempool_put(object);
    check_pool_is_sound(pool);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 1);
}

#endif
