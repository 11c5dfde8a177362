/* SPDX-License-Identifier: MIT */
/* A small and fast generator of numbers that only need to look random. */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stdint.h>

/* Steele & Vigna's splitmix64: any state is fine, no multiplication depends on the one before. */
static inline uint64_t random_next(uint64_t *state) {
    uint64_t word = *state += 0x9e3779b97f4a7c15u;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

/* 0 .. limit-1, for limits below 2^32, by a multiplication in place of a division. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit) {
    return ((random_next(state) >> 32) * limit) >> 32;
}

#endif
