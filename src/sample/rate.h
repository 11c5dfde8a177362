/* SPDX-License-Identifier: MIT */
/* Which allocations are samples: by bytes, at random, so that sums over samples are true sums on
 * the average.
 *
 * THEORY
 *
 * Imagine all bytes that are ever allocated in a row, and points on it at random, `mean` bytes
 * apart on the average (a Poisson process). What a point falls on is a sample. So of n bytes
 *
 *      p(n) = 1 - exp(-n / mean)
 *
 * is the probability to be one, and each sample stands for 1 / p(n) like it, n / p(n) bytes
 * (Horvitz and Thompson 1952): whatever sizes there are, sums of these are right on the average.
 *
 * Nothing is drawn for single hits. The distance to the next point has no memory, so it can be
 * drawn anew at any time for what comes then. A hit counts down to its next *tick* anyway: at a
 * tick the number of hits until the next sample is drawn, and where that is sooner than the next
 * tick would be, the countdown is made as short. So a hit's code knows nothing of samples, and
 * sampling costs what more ticks cost: one every mean / n hits.
 *
 *      tick          tick                 tick
 *        | hit hit hit | hit hit hit hit hit | hit hit SAMPLE
 *        `-- drawn: farther than a tick      `-- drawn: third from here
 *
 * The mean can be changed at any time; `epoch` tells draws of another mean, which are dropped. */
#ifndef MEMPOOL_SAMPLE_RATE_H
#define MEMPOOL_SAMPLE_RATE_H

#include "base/atomics.h"
#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sample's weight is how many allocations it stands for, in these. */
enum { SAMPLE_ONE = 1 << 12 };
/* So that sums of weights fit 64 bits. */
#define SAMPLE_MEAN_MAX (UINT64_C(1) << 32)

extern _Atomic uint64_t sample_mean_bytes; /* 0: off */
extern _Atomic uint32_t sample_epoch;      /* changes with each change of it */

static inline bool sample_is_on(void) {
    return MEMPOOL_UNLIKELY(load_relaxed(&sample_mean_bytes) != 0);
}

/* Change the mean; 0: off. */
void sample_set_mean(uint64_t mean_bytes);

/* Where the numbers of each further thread begin. Tests set it to have the same again. */
void sample_seed(uint64_t seed);
uint64_t sample_next_seed(void);

/* What one countdown, a cache's or a tally's, knows of samples. All zero: nothing. */
struct sample_countdown {
    uint8_t flags;
    uint8_t epoch; /* of the mean that they were drawn with, its low bits */
};

/* The countdown ran out, or there was none: is the allocation under way, of so many bytes, a
 * sample? */
bool sample_is_due(struct sample_countdown *countdown, uint64_t *random, double bytes);
/* Begin anew: how many further ones until it runs out, 1 to `most`. */
uint32_t sample_draw(struct sample_countdown *countdown, uint64_t *random, double bytes,
                     uint32_t most);
/* Remember that the one that is under way is a sample, until asked; flags are not all 0 then. */
void sample_keep(struct sample_countdown *countdown);
bool sample_take_kept(struct sample_countdown *countdown);

/* One alone, of which no countdown knows. */
bool sample_one(uint64_t *random, double bytes);

/* p of so many bytes with the present mean; 0: off. */
double sample_probability(double bytes);
/* The weight of a sample that came with this probability, above 0. */
uint64_t sample_weight(double probability);

#endif
