/* SPDX-License-Identifier: MIT */
/* A quick sign of ownership in an object's first bytes: who takes it, wipes it. */
#ifndef TESTS_STRESS_STAMP_H
#define TESTS_STRESS_STAMP_H

#include "check.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Objects must be at least this large. */
struct stamp {
    uint64_t pool_idx;
    uint64_t check; /* of address and pool */
};

static inline uint64_t stamp_check_of(const void *object, uint64_t pool_idx) {
    return ((uintptr_t)object + pool_idx + 1) * 0x9e3779b97f4a7c15u;
}

/* The object has an owner now. */
static inline void stamp_set(void *object, uint64_t pool_idx) {
    struct stamp stamp = {pool_idx, stamp_check_of(object, pool_idx)};
    memcpy(object, &stamp, sizeof stamp);
}

/* The owner gives it up: its stamp must be as set, and is gone after. Returns the pool's index. */
static inline size_t stamp_take(void *object) {
    struct stamp stamp;
    memcpy(&stamp, object, sizeof stamp);
    CHECK_EQUAL(stamp.check, stamp_check_of(object, stamp.pool_idx));
    memset(object, 0xdd, sizeof stamp);
    return (size_t)stamp.pool_idx;
}

#endif
