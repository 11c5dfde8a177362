/* SPDX-License-Identifier: MIT */
/* What was measured: samples per case and peer, and what follows from them. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "bench/case_list.h"
#include "bench/peer_list.h"
#include "replay/spread.h"

#define SAMPLES_MAX 101 /* rounds */

enum measurement_state {
    MEASUREMENT_NONE = 0,   /* not asked for */
    MEASUREMENT_DONE,       /* samples are there */
    MEASUREMENT_UNSUITABLE, /* the peer has no such case */
    MEASUREMENT_FAILED,     /* reason says why */
};

struct measurement {
    enum measurement_state state;
    size_t n;
    double samples[SAMPLES_MAX];
    char reason[REASON_BYTES];
};

/* Large: static or from the heap. */
struct results {
    const struct peer_list *peers;
    bool chosen[CASES_MAX];         /* cases that were asked for */
    const char *skipped[CASES_MAX]; /* why a chosen case was not run at all; NULL: it was */
    struct measurement measurements[CASES_MAX][PEERS_MAX];
};

/** measurement_spread: median and quartiles of the samples; all 0 where there are none. */
struct spread measurement_spread(const struct measurement *measurement);

/** results_median: median of ours or a peer's samples; 0 where there are none. */
double results_median(const struct results *results, size_t case_index, size_t peer);

/** results_best_peer: place of the peer with the smallest median, ours apart; -1: none. */
int results_best_peer(const struct results *results, size_t case_index);

/** results_ratio: ours / that peer's, of medians; 0 where either is missing. */
double results_ratio(const struct results *results, size_t case_index, int peer);

/** results_failures: how many measurements failed. */
size_t results_failures(const struct results *results);

#endif
