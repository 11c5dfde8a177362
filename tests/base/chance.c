/* SPDX-License-Identifier: MIT */
/* Random numbers and curves: those of libm, and evenly spread. */
#include "unit.h"

#include "base/chance.h"

#include <math.h>

enum { N_DRAWS = 200000, N_BINS = 64 };

static bool near(double value, double truth) {
    return fabs(value - truth) <= 1e-11 * fabs(truth);
}

static void distances_are_logarithms(void **state) {
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < N_DRAWS; i++) {
        uint64_t same = random;
        double distance = chance_distance(&random);
        double unit = chance_unit(&same);
        assert_true(unit > 0 && unit <= 1);
        assert_true(distance >= 0);
        assert_true(unit > 0.999 ? fabs(distance + log(unit)) < 1e-14
                                 : near(distance, -log(unit)));
        assert_int_equal(random, same);
    }
}

static void within_is_what_the_exponential_leaves(void **state) {
    (void)state;
    for (double distance = 1e-12; distance < 1000; distance *= 1.07) {
        assert_true(near(chance_within(distance), -expm1(-distance)));
    }
    assert_true(chance_within(0) <= 0 && chance_within(0) >= 0);
    assert_true(chance_within(1e300) >= 1);
}

static void numbers_are_spread_evenly(void **state) {
    (void)state;
    uint64_t random = 4711;
    size_t bins[N_BINS] = {0};
    double sum = 0, squares = 0;
    for (int i = 0; i < N_DRAWS; i++) {
        bins[(size_t)(chance_unit(&random) * N_BINS) % N_BINS]++;
        double distance = chance_distance(&random);
        sum += distance;
        squares += distance * distance;
    }
    for (size_t i = 0; i < N_BINS; i++) {
        double wanted = (double)N_DRAWS / N_BINS;
        assert_true(fabs((double)bins[i] - wanted) < 5 * sqrt(wanted));
    }
    /* mean 1, variance 1 */
    assert_true(fabs(sum / N_DRAWS - 1) < 5 / sqrt(N_DRAWS));
    assert_true(fabs(squares / N_DRAWS - 2) < 5 * sqrt(20.0 / N_DRAWS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_logarithms),
        cmocka_unit_test(within_is_what_the_exponential_leaves),
        cmocka_unit_test(numbers_are_spread_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
