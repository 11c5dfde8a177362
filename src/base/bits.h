/* SPDX-License-Identifier: MIT */
/* Powers of two, rounding, and multiplication that cannot overflow unseen. */
#ifndef MEMPOOL_BASE_BITS_H
#define MEMPOOL_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool is_power_of_two(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/* Up to the next multiple of `unit`, a power of two. The caller knows that it cannot overflow. */
static inline size_t round_up(size_t value, size_t unit) {
    return (value + unit - 1) & ~(unit - 1);
}

/* The smallest s with 1 << s >= value; value >= 1. */
static inline unsigned log2_ceiling(size_t value) {
    unsigned shift = 0;
    while (((size_t)1 << shift) < value) {
        shift++;
    }
    return shift;
}

/* False when a x b does not fit in size_t. */
static inline bool multiply_checked(size_t a, size_t b, size_t *ret) {
    return !__builtin_mul_overflow(a, b, ret);
}

static inline size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}

#endif
