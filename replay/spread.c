/* SPDX-License-Identifier: MIT */
/* Median and spread of a few measurements. */
#include "replay/spread.h"

/* By insertion: there are few values, and qsort may call the malloc that is being measured. */
static void sort(double *values, size_t n) {
    for (size_t i = 1; i < n; i++) {
        double moved = values[i];
        size_t at = i;
        while (at > 0 && values[at - 1] > moved) {
            values[at] = values[at - 1];
            at--;
        }
        values[at] = moved;
    }
}

/* The value below which `part` of the others lie. */
static double quantile(const double *sorted, size_t n, double part) {
    double position = part * (double)(n - 1);
    size_t below = (size_t)position;
    if (below + 1 >= n) {
        return sorted[n - 1];
    }
    double rest = position - (double)below;
    return sorted[below] + (sorted[below + 1] - sorted[below]) * rest;
}

struct spread spread_of(double *values, size_t n) {
    sort(values, n);
    return (struct spread){
        .median = quantile(values, n, 0.5),
        .low_quartile = quantile(values, n, 0.25),
        .high_quartile = quantile(values, n, 0.75),
        .min = values[0],
        .max = values[n - 1],
    };
}

double spread_relative(const struct spread *spread) {
    return spread->median > 0 ? (spread->high_quartile - spread->low_quartile) / spread->median : 0;
}
