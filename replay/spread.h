/* SPDX-License-Identifier: MIT */
/* Median and spread of a few measurements. */
#ifndef REPLAY_SPREAD_H
#define REPLAY_SPREAD_H

#include <stddef.h>

struct spread {
    double median;
    double low_quartile, high_quartile;
    double min, max;
};

/** spread_of: of n >= 1 values, which it puts in ascending order. Between two values it
 *  interpolates. */
struct spread spread_of(double *values, size_t n);

/** spread_relative: the distance of the quartiles by the median; 0 where the median is 0. */
double spread_relative(const struct spread *spread);

#endif
