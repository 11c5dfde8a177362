/* SPDX-License-Identifier: MIT */
/* Medians and ratios of the samples. */
#include "bench/results.h"

#include <string.h>

struct spread measurement_spread(const struct measurement *measurement) {
    double values[SAMPLES_MAX];
    if (measurement->state != MEASUREMENT_DONE || measurement->n == 0) {
        return (struct spread){0};
    }
    memcpy(values, measurement->samples, measurement->n * sizeof(*values));
    return spread_of(values, measurement->n);
}

double results_median(const struct results *results, size_t case_index, size_t peer) {
    return measurement_spread(&results->measurements[case_index][peer]).median;
}

int results_best_peer(const struct results *results, size_t case_index) {
    int best = -1;
    double best_median = 0.0;
    for (size_t i = 0; i < results->peers->n; i++) {
        double median = results_median(results, case_index, i);
        if (i != PEER_OURS && median > 0.0 && (best < 0 || median < best_median)) {
            best = (int)i;
            best_median = median;
        }
    }
    return best;
}

double results_ratio(const struct results *results, size_t case_index, int peer) {
    double ours = results_median(results, case_index, PEER_OURS);
    double theirs = peer >= 0 ? results_median(results, case_index, (size_t)peer) : 0.0;
    return ours > 0.0 && theirs > 0.0 ? ours / theirs : 0.0;
}

size_t results_failures(const struct results *results) {
    size_t failures = 0;
    for (size_t i = 0; i < bench_n_cases; i++) {
        for (size_t j = 0; j < results->peers->n; j++) {
            failures += results->measurements[i][j].state == MEASUREMENT_FAILED;
        }
    }
    return failures;
}
