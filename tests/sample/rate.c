/* SPDX-License-Identifier: MIT */
/* Countdowns: each allocation is a sample with the probability of its bytes, wherever ticks are. */
#include "unit.h"

#include "rng.h"

#include "sample/rate.h"

#include <math.h>

enum { N = 400000, MEAN = 6400, BYTES = 64 };

struct counted {
    double samples;
};

/* As a cache does it, with ticks at intervals of any length. */
static struct counted count_down(uint64_t seed, uint32_t interval_max) {
    struct counted counted = {0};
    struct sample_countdown countdown = {.flags = 0};
    struct rng rng = {.state = seed};
    uint64_t random = seed;
    uint32_t left = 0, interval = 0;
    for (int i = 0; i < N; i++) {
        if (left > 0) {
            left--; /* a hit */
            continue;
        }
        if (sample_is_due(&countdown, &random, BYTES)) {
            counted.samples++;
        }
        interval = 1 + (uint32_t)rng_below(&rng, interval_max);
        left = sample_draw(&countdown, &random, BYTES, interval);
        assert_true(left >= 1 && left <= interval);
        left--; /* the one that was under way */
    }
    return counted;
}

static void as_many_as_bytes_ask_for(void **state) {
    (void)state;
    double p = -expm1(-(double)BYTES / MEAN);
    double sigma = sqrt(N * p * (1 - p));
    const uint32_t intervals[] = {1, 2, 7, 100, 256, 5000};
    sample_set_mean(MEAN);
    assert_true(fabs(sample_probability(BYTES) - p) < 1e-12);
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        double off = 0;
        for (uint64_t seed = 1; seed <= 9; seed++) {
            double samples = count_down(seed, intervals[i]).samples;
            assert_true(fabs(samples - N * p) < 5 * sigma);
            off += samples - N * p;
        }
        /* what all are off by: a small bias would show */
        assert_true(fabs(off) < 4 * sigma * 3);
    }
}

static void single_ones_too(void **state) {
    (void)state;
    uint64_t random = 3;
    double p = -expm1(-(double)BYTES / MEAN), samples = 0;
    sample_set_mean(MEAN);
    for (int i = 0; i < N; i++) {
        samples += sample_one(&random, BYTES);
    }
    assert_true(fabs(samples - N * p) < 5 * sqrt(N * p));
}

/* What was drawn for one mean says nothing with another, or with none. */
static void another_mean_drops_what_was_drawn(void **state) {
    (void)state;
    struct sample_countdown countdown = {.flags = 0};
    uint64_t random = 5;
    sample_set_mean(1);
    sample_keep(&countdown);
    assert_true(sample_take_kept(&countdown));
    assert_false(sample_take_kept(&countdown));
    while (sample_draw(&countdown, &random, 0.1, 1000) == 1000) {
    }
    sample_keep(&countdown);
    sample_set_mean(0);
    assert_false(sample_is_on());
    assert_false(sample_take_kept(&countdown));
    assert_false(sample_is_due(&countdown, &random, 1e18));
    assert_false(sample_one(&random, 1e18));
    assert_int_equal(sample_draw(&countdown, &random, 64, 77), 77);
}

static void weights_are_inverse(void **state) {
    (void)state;
    assert_int_equal(sample_weight(1), SAMPLE_ONE);
    assert_int_equal(sample_weight(0.125), 8 * SAMPLE_ONE);
    assert_int_equal(sample_weight(1e-300), SAMPLE_ONE * SAMPLE_MEAN_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_bytes_ask_for),
        cmocka_unit_test(single_ones_too),
        cmocka_unit_test(another_mean_drops_what_was_drawn),
        cmocka_unit_test(weights_are_inverse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
