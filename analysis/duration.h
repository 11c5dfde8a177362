/* SPDX-License-Identifier: MIT */
/* How long things take, from 100 ns to days, in equal steps of their logarithm. */
#ifndef ANALYSIS_DURATION_H
#define ANALYSIS_DURATION_H

#include <stdint.h>

enum {
    DURATION_STEPS = 8, /* of each power of ten */
    DURATION_DECADES = 13,
    DURATION_FIRST_NS = 100, /* the first bound: shorter ones are in place 0 */
    DURATION_PLACES = DURATION_DECADES * DURATION_STEPS + 2,
};

/** duration_place: where in a histogram so many nanoseconds count. */
unsigned duration_place(uint64_t ns);

/** duration_bound: the least duration that counts in a place; 0 for place 0. */
uint64_t duration_bound(unsigned place);

/** duration_percentile: below what so much of a histogram lies, 0 < percent <= 100: the upper bound
 *  of the place where that is reached; of the last place the lower. 0: the histogram is empty. */
uint64_t duration_percentile(const uint64_t *histogram, double percent);

#endif
