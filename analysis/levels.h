/* SPDX-License-Identifier: MIT */
/* How long, or how often, a number was how high: exact percentiles of what is live. */
#ifndef ANALYSIS_LEVELS_H
#define ANALYSIS_LEVELS_H

#include <stddef.h>
#include <stdint.h>

/** levels_percentile: the least level of 0 .. n-1 at or below which so much of all weight lies, in
 *  thousandths; 0 where there is no weight. */
static inline uint32_t levels_percentile(const uint64_t *weights, size_t n, unsigned thousandths) {
    uint64_t total = 0, below = 0;
    for (size_t level = 0; level < n; level++) {
        total += weights[level];
    }
    uint64_t missed = (uint64_t)((double)total * (1000 - thousandths) / 1000);
    for (size_t level = 0; level < n && total > 0; level++) {
        below += weights[level];
        if (below + missed >= total) {
            return (uint32_t)level;
        }
    }
    return 0;
}

#endif
