/* SPDX-License-Identifier: MIT */
/* How long the slowest calls take: a histogram of single calls, and what one in so many exceeds.
 *
 * Buckets are a sixteenth of a doubling wide: what is read back is right within 7 %. */
#ifndef BENCH_TAIL_H
#define BENCH_TAIL_H

#include <stddef.h>
#include <stdint.h>

enum { TAIL_PARTS_SHIFT = 4, TAIL_PARTS = 1 << TAIL_PARTS_SHIFT, TAIL_BUCKETS = 64 * TAIL_PARTS };

struct tail {
    uint64_t n;
    uint64_t counts[TAIL_BUCKETS];
};

/** tail_bucket: where a call of so many nanoseconds is counted. */
static inline size_t tail_bucket(uint64_t ns) {
    if (ns < TAIL_PARTS) {
        return (size_t)ns;
    }
    unsigned power = 63u - (unsigned)__builtin_clzll(ns);
    uint64_t part = ns >> (power - TAIL_PARTS_SHIFT) & (TAIL_PARTS - 1);
    return (size_t)((power - TAIL_PARTS_SHIFT + 1) << TAIL_PARTS_SHIFT) + (size_t)part;
}

/** tail_bucket_ns: the least that is counted there. */
static inline uint64_t tail_bucket_ns(size_t bucket) {
    uint64_t part = bucket & (TAIL_PARTS - 1);
    unsigned doublings = (unsigned)(bucket >> TAIL_PARTS_SHIFT);
    return doublings == 0 ? part : (TAIL_PARTS + part) << (doublings - 1);
}

static inline void tail_note(struct tail *tail, uint64_t ns) {
    tail->counts[tail_bucket(ns)]++;
    tail->n++;
}

/** tail_exceeded: nanoseconds that one call in `one_in` takes or exceeds; 0 where there were
 *  fewer. */
static inline double tail_exceeded(const struct tail *tail, uint64_t one_in) {
    uint64_t above = 0;
    if (one_in == 0 || tail->n < one_in) {
        return 0;
    }
    for (size_t bucket = TAIL_BUCKETS; bucket-- > 0;) {
        above += tail->counts[bucket];
        if (above >= tail->n / one_in) {
            return (double)tail_bucket_ns(bucket);
        }
    }
    return 0;
}

#endif
