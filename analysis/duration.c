/* SPDX-License-Identifier: MIT */
/* How long things take, in equal steps of their logarithm. */
#include "analysis/duration.h"

/* 10^(i/8), thousandths. */
static const uint64_t steps[DURATION_STEPS] = {1000, 1334, 1778, 2371, 3162, 4217, 5623, 7499};

uint64_t duration_bound(unsigned place) {
    if (place == 0) {
        return 0;
    }
    uint64_t bound = DURATION_FIRST_NS;
    for (unsigned i = 0; i < (place - 1) / DURATION_STEPS; i++) {
        bound *= 10;
    }
    return bound * steps[(place - 1) % DURATION_STEPS] / 1000;
}

unsigned duration_place(uint64_t ns) {
    unsigned decade = 0;
    uint64_t first = DURATION_FIRST_NS;
    if (ns < first) {
        return 0;
    }
    while (decade < DURATION_DECADES && ns / 10 >= first) {
        first *= 10;
        decade++;
    }
    unsigned step = 0;
    while (step + 1 < DURATION_STEPS && ns >= first * steps[step + 1] / 1000) {
        step++;
    }
    unsigned place = 1 + decade * DURATION_STEPS + step;
    return place < DURATION_PLACES ? place : DURATION_PLACES - 1;
}

uint64_t duration_percentile(const uint64_t *histogram, double percent) {
    uint64_t total = 0, below = 0;
    for (unsigned place = 0; place < DURATION_PLACES; place++) {
        total += histogram[place];
    }
    for (unsigned place = 0; place < DURATION_PLACES && total > 0; place++) {
        below += histogram[place];
        if ((double)below * 100 >= (double)total * percent) {
            return duration_bound(place + 1 < DURATION_PLACES ? place + 1 : place);
        }
    }
    return 0;
}
