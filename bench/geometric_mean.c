/* SPDX-License-Identifier: MIT */
/* By logarithms: a product of many factors could leave the range of a double. */
#include "bench/geometric_mean.h"

#include <math.h>

void geometric_mean_add(struct geometric_mean *mean, double factor) {
    mean->sum_of_logarithms += log(factor);
    mean->n++;
}

double geometric_mean_value(const struct geometric_mean *mean) {
    return mean->n > 0 ? exp(mean->sum_of_logarithms / (double)mean->n) : 0.0;
}
