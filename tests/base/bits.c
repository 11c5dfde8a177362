/* SPDX-License-Identifier: MIT */
/* Powers of two, rounding, multiplication that tells when it overflows. */
#include "unit.h"

#include "base/bits.h"
#include "rng.h"

static void powers_of_two(void **state) {
    (void)state;
    assert_false(is_power_of_two(0));
    for (unsigned bit = 0; bit < sizeof(size_t) * 8; bit++) {
        size_t power = (size_t)1 << bit;
        assert_true(is_power_of_two(power));
        if (bit > 1) {
            assert_false(is_power_of_two(power - 1));
            assert_false(is_power_of_two(power + 1));
        }
    }
}

static void logarithm_is_rounded_up(void **state) {
    (void)state;
    assert_int_equal(log2_ceiling(1), 0);
    for (unsigned bit = 1; bit + 1 < sizeof(size_t) * 8; bit++) {
        size_t power = (size_t)1 << bit;
        assert_int_equal(log2_ceiling(power), bit);
        assert_int_equal(log2_ceiling(power + 1), bit + 1);
        assert_int_equal(log2_ceiling(power - 1), bit == 1 ? 0 : bit);
    }
}

static void rounding_goes_to_the_next_multiple(void **state) {
    (void)state;
    for (size_t unit = 1; unit <= 1 << 16; unit *= 2) {
        for (size_t value = 0; value < 300; value++) {
            size_t rounded = round_up(value, unit);
            assert_int_equal(rounded % unit, 0);
            assert_true(rounded >= value && rounded - value < unit);
        }
        assert_int_equal(round_up(SIZE_MAX - 2 * unit + 1, unit), SIZE_MAX - 2 * unit + 1);
    }
}

static void multiplication_tells_overflow(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    size_t product = 7;
    assert_true(multiply_checked(0, SIZE_MAX, &product));
    assert_int_equal(product, 0);
    assert_true(multiply_checked(SIZE_MAX, 1, &product));
    assert_true(product == SIZE_MAX);
    assert_false(multiply_checked(SIZE_MAX, 2, &product));
    assert_false(multiply_checked(SIZE_MAX / 2 + 1, 2, &product));
    assert_true(multiply_checked(SIZE_MAX / 2, 2, &product));
    for (int i = 0; i < 100000; i++) {
        size_t a = (size_t)rng_next(&rng) >> rng_below(&rng, sizeof(size_t) * 8);
        size_t b = (size_t)rng_next(&rng) >> rng_below(&rng, sizeof(size_t) * 8);
        bool fits = b == 0 || a <= SIZE_MAX / b;
        assert_true(multiply_checked(a, b, &product) == fits);
        if (fits && b != 0) {
            assert_true(product / b == a);
        }
    }
}

static void smaller_and_larger(void **state) {
    (void)state;
    assert_int_equal(min_size(3, 4), 3);
    assert_int_equal(min_size(4, 3), 3);
    assert_int_equal(max_size(3, 4), 4);
    assert_int_equal(max_size(4, 3), 4);
    assert_true(max_size(SIZE_MAX, 0) == SIZE_MAX && min_size(SIZE_MAX, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_of_two),
        cmocka_unit_test(logarithm_is_rounded_up),
        cmocka_unit_test(rounding_goes_to_the_next_multiple),
        cmocka_unit_test(multiplication_tells_overflow),
        cmocka_unit_test(smaller_and_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
