/* SPDX-License-Identifier: MIT */
/* Runs the cases: rounds of all peers in turn. */
#ifndef BENCH_SCHEDULE_H
#define BENCH_SCHEDULE_H

#include "bench/results.h"

struct schedule_options {
    unsigned rounds;       /* of each case, at most SAMPLES_MAX */
    unsigned fresh_rounds; /* of cases that start a new worker for each */
    unsigned slice_ms;     /* how long one round of one peer measures */
    bool progress;         /* a line on standard error */
};

/** schedule_run: measure every chosen case.
 *
 *  Rounds are interleaved (A B C ... A B C ...), so that what slows the machine for a while slows
 *  every peer alike; each case has its own worker per peer, so that no case finds the heap as
 *  another left it. */
void schedule_run(struct results *results, const struct schedule_options *options);

#endif
