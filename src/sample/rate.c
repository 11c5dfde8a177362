/* SPDX-License-Identifier: MIT */
/* Drawing samples. */
#include "sample/rate.h"

#include "base/chance.h"

enum {
    NEXT = 1, /* the one that finds the countdown run out is a sample */
    KEPT = 2, /* the one that is under way is */
};

_Atomic uint64_t sample_mean_bytes;
_Atomic uint32_t sample_epoch;
static _Atomic uint64_t seeds;

void sample_set_mean(uint64_t mean_bytes) {
    add_relaxed(&sample_epoch, 1);
    store_relaxed(&sample_mean_bytes, mean_bytes);
}

void sample_seed(uint64_t seed) {
    store_relaxed(&seeds, seed);
}

uint64_t sample_next_seed(void) {
    uint64_t state = add_relaxed(&seeds, UINT64_C(0xd1342543de82ef95));
    return chance_next(&state);
}

static uint8_t epoch_now(void) {
    return (uint8_t)load_relaxed(&sample_epoch);
}

/* Set and of the present mean: taken away. */
static bool take_flag(struct sample_countdown *countdown, uint8_t flag) {
    bool set = (countdown->flags & flag) != 0 && countdown->epoch == epoch_now();
    countdown->flags &= (uint8_t)~flag;
    return set;
}

bool sample_one(uint64_t *random, double bytes) {
    double mean = (double)load_relaxed(&sample_mean_bytes);
    return mean > 0 && chance_distance(random) * mean <= bytes;
}

bool sample_is_due(struct sample_countdown *countdown, uint64_t *random, double bytes) {
    return take_flag(countdown, NEXT) || sample_one(random, bytes);
}

uint32_t sample_draw(struct sample_countdown *countdown, uint64_t *random, double bytes,
                     uint32_t most) {
    double mean = (double)load_relaxed(&sample_mean_bytes);
    double before = chance_distance(random) * mean / bytes; /* whole ones before the sample */
    uint8_t epoch = epoch_now();
    if (countdown->epoch != epoch) {
        countdown->flags = 0;
        countdown->epoch = epoch;
    }
    /* The one that finds it run out, the most-th from here, is drawn when it comes. */
    if (mean <= 0 || before >= most - 1) {
        countdown->flags &= (uint8_t)~NEXT;
        return most;
    }
    countdown->flags |= NEXT;
    return (uint32_t)before + 1;
}

void sample_keep(struct sample_countdown *countdown) {
    countdown->epoch = epoch_now();
    countdown->flags |= KEPT;
}

bool sample_take_kept(struct sample_countdown *countdown) {
    return take_flag(countdown, KEPT);
}

double sample_probability(double bytes) {
    double mean = (double)load_relaxed(&sample_mean_bytes);
    return mean > 0 ? chance_within(bytes / mean) : 0;
}

uint64_t sample_weight(double probability) {
    double weight = SAMPLE_ONE / probability;
    double most = (double)SAMPLE_ONE * (double)SAMPLE_MEAN_MAX;
    return (uint64_t)(weight < most ? weight + 0.5 : most);
}
