/* SPDX-License-Identifier: MIT */
/* divide_exactly compared with / and %. Built twice: with the wide multiply and without it. */
#include "unit.h"

#include "base/divide.h"
#include "rng.h"
#include "scale.h"

#if defined(__SIZEOF_INT128__) == TEST_PORTABLE
#error "this is not the variant that it is built to test"
#endif

enum {
    STRIDE_UNIT = 16,
    STRIDE_MAX = 16 << 20,
    N_RANDOM = 400000,
};

#define OPERAND_END (UINT64_C(1) << 32)

static uint64_t n_tried;

static void check_one(uint64_t x, uint32_t d, uint64_t reciprocal) {
    uint32_t quotient = UINT32_MAX;
    bool exact = divide_exactly(x, reciprocal, &quotient);
    if (exact != (x % d == 0) || quotient != x / d) {
        fail_msg("%llu / %u: quotient %u, exact %d", (unsigned long long)x, d, quotient, exact);
    }
    n_tried++;
}

/* A multiple of d, and what lies around it. */
static void check_around(uint64_t multiple, uint32_t d, uint64_t reciprocal) {
    const uint64_t steps[] = {0, 1, 2, d / 2, d - 1};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (multiple + steps[i] < OPERAND_END) {
            check_one(multiple + steps[i], d, reciprocal);
        }
        if (multiple >= steps[i]) {
            check_one(multiple - steps[i], d, reciprocal);
        }
    }
}

static void check_divisor(struct rng *rng, uint32_t d) {
    uint64_t reciprocal = reciprocal_of(d);
    uint64_t multiples = (OPERAND_END - 1) / d;
    check_around(0, d, reciprocal);
    check_around(d, d, reciprocal);
    check_around(multiples * d, d, reciprocal);
    check_around(rng_below(rng, multiples + 1) * d, d, reciprocal);
    check_one(OPERAND_END - 1, d, reciprocal);
    check_one(OPERAND_END - 2, d, reciprocal);
    check_one(rng_below(rng, OPERAND_END), d, reciprocal);
}

static void every_stride(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    size_t step = STRIDE_UNIT * (STRIDE_MAX / STRIDE_UNIT / test_scaled(STRIDE_MAX / STRIDE_UNIT));
    for (size_t d = STRIDE_UNIT; d <= STRIDE_MAX; d += step) {
        check_divisor(&rng, (uint32_t)d);
    }
    assert_true(n_tried >= test_scaled(STRIDE_MAX / STRIDE_UNIT) * 20);
}

static void any_divisor(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (uint32_t d = 2; d < 2000; d++) {
        check_divisor(&rng, d);
    }
    for (size_t i = test_scaled(N_RANDOM); i > 0; i--) {
        unsigned bits = 2 + (unsigned)rng_below(&rng, 31);
        uint64_t d = rng_below(&rng, UINT64_C(1) << bits);
        check_divisor(&rng, d >= 2 ? (uint32_t)d : 2);
    }
    for (unsigned bit = 1; bit < 32; bit++) {
        check_divisor(&rng, 1u << bit);
        check_divisor(&rng, (1u << bit) + 1);
        check_divisor(&rng, UINT32_MAX >> (bit - 1));
    }
}

static void zero_reciprocal_matches_nothing(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    uint32_t quotient;
    assert_false(divide_exactly(0, 0, &quotient));
    assert_int_equal(quotient, 0);
    assert_false(divide_exactly(OPERAND_END - 1, 0, &quotient));
    for (int i = 0; i < 10000; i++) {
        assert_false(divide_exactly(rng_below(&rng, OPERAND_END), 0, &quotient));
        assert_int_equal(quotient, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stride),
        cmocka_unit_test(any_divisor),
        cmocka_unit_test(zero_reciprocal_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
