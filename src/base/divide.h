/* SPDX-License-Identifier: MIT */
/* Exact division by a number fixed in advance: quotient and "is it a multiple?" in one multiply.
 *
 * THEORY
 *
 * A put must turn the distance of a pointer from its slab's start into a slot number, and must know
 * whether the pointer is a slot's exact start. With c = ceil(2^64 / d), the 96-bit product x * c is
 * a fixed-point number: its part above 2^64 is x / d rounded down, and its fraction is below c
 * exactly when d divides x, for all x below 2^32 (Lemire, Kaser, Kurz, "Faster remainder by direct
 * computation", Software: Practice and Experience 49, 2019, sections 3.1 and 3.2: 64 fraction bits
 * suffice for 32-bit operands). One multiply and one compare answer both questions.
 *
 * A reciprocal of 0 belongs to "no slab here": no x is a multiple of it. */
#ifndef MEMPOOL_BASE_DIVIDE_H
#define MEMPOOL_BASE_DIVIDE_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

/* The reciprocal of d, 2 <= d < 2^32. */
static inline uint64_t reciprocal_of(uint32_t d) {
    return UINT64_MAX / d + 1;
}

/* True when x, below 2^32, is a multiple; *ret_quotient is x / d rounded down either way. */
#if defined(__SIZEOF_INT128__)
MEMPOOL_HOT_INLINE bool divide_exactly(uint64_t x, uint64_t reciprocal, uint32_t *ret_quotient) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)x * reciprocal;
    *ret_quotient = (uint32_t)(product >> 64);
    return (uint64_t)product < reciprocal;
}
#else
MEMPOOL_HOT_INLINE bool divide_exactly(uint64_t x, uint64_t reciprocal, uint32_t *ret_quotient) {
    uint64_t low = x * (uint32_t)reciprocal;
    uint64_t high = x * (uint32_t)(reciprocal >> 32) + (low >> 32);
    *ret_quotient = (uint32_t)(high >> 32);
    return ((high << 32) | (uint32_t)low) < reciprocal;
}
#endif

#endif
