/* SPDX-License-Identifier: MIT */
/* What the library sets out to reach, and by how much it does or does not. */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include "bench/results.h"

#define TARGETS_MAX 16

enum target_state {
    TARGET_NOT_MEASURED, /* no case that it looks at has both figures */
    TARGET_REACHED,
    TARGET_MISSED,
};

struct target {
    const char *text; /* "worst single-thread case, of the best peer" */
    const char *unit; /* "x" for ratios */
    double limit;     /* at most this */
    double value;     /* the worst case's, or the mean */
    size_t n;         /* cases that went into it */
    int worst_case;   /* in bench_cases; -1: a mean, or none */
    enum target_state state;
};

/** targets_evaluate: every target, in a fixed order; returns how many. */
size_t targets_evaluate(const struct results *results, struct target ret[TARGETS_MAX]);

/** targets_mean: the geometric mean of the ratios to each case's best peer over the single-thread
 *  cases, with or without those of bulk; 0 where none is measured. */
double targets_mean(const struct results *results, bool with_bulk);

#endif
