/* SPDX-License-Identifier: MIT */
/* Random numbers, and the few curves that sampling needs, without libm. */
#ifndef MEMPOOL_BASE_CHANCE_H
#define MEMPOOL_BASE_CHANCE_H

#include <stdint.h>

/* The next of 2^64 numbers, all different, in an order that looks random (splitmix64: Steele, Lea,
 * Flood, "Fast splittable pseudorandom number generators", 2014). Any state will do. */
static inline uint64_t chance_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Above 0 and up to 1, evenly. */
static inline double chance_unit(uint64_t *state) {
    return (double)((chance_next(state) >> 11) + 1) * 0x1p-53;
}

/* How far to the next of events that come at one a unit, by chance alone. */
double chance_distance(uint64_t *state);

/* How likely such an event is within this distance: 1 - exp(-distance). Distance 0 or more. */
double chance_within(double distance);

#endif
