/* SPDX-License-Identifier: MIT */
/* A geometric mean that grows factor by factor. */
#ifndef BENCH_GEOMETRIC_MEAN_H
#define BENCH_GEOMETRIC_MEAN_H

#include <stddef.h>

/* Zero-fill it before the first factor. */
struct geometric_mean {
    size_t n;
    double sum_of_logarithms;
};

/** geometric_mean_add: one more factor, above 0. */
void geometric_mean_add(struct geometric_mean *mean, double factor);

/** geometric_mean_value: 0 where nothing was added. */
double geometric_mean_value(const struct geometric_mean *mean);

#endif
