/* SPDX-License-Identifier: MIT */
/* Text into a fixed buffer: the same digits as printf, cut where the buffer ends, never beyond. */
#include "unit.h"

#include "base/text.h"
#include "rng.h"

#include <inttypes.h>
#include <stdio.h>

static void pieces_follow_each_other(void **state) {
    (void)state;
    char buffer[64];
    struct text text;
    memset(buffer, 'x', sizeof buffer);
    text_init(&text, buffer, sizeof buffer);
    assert_string_equal(buffer, "");
    text_add(&text, "pool=");
    text_add_bytes(&text, "inode and more", 5);
    text_add(&text, "");
    text_add(&text, " n=");
    text_add_unsigned(&text, 42);
    text_add(&text, " d=");
    text_add_signed(&text, -7);
    text_add(&text, " at=");
    text_add_hex(&text, 0x7f00);
    assert_string_equal(buffer, "pool=inode n=42 d=-7 at=0x7f00");
    assert_int_equal(text.length, strlen(buffer));
    assert_false(text.cut);
}

static void check_numbers(uint64_t value) {
    char buffer[32], expected[32];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add_unsigned(&text, value);
    snprintf(expected, sizeof expected, "%" PRIu64, value);
    assert_string_equal(buffer, expected);
    text_init(&text, buffer, sizeof buffer);
    text_add_hex(&text, value);
    snprintf(expected, sizeof expected, "0x%" PRIx64, value);
    assert_string_equal(buffer, expected);
    text_init(&text, buffer, sizeof buffer);
    text_add_signed(&text, (int64_t)value);
    snprintf(expected, sizeof expected, "%" PRId64, (int64_t)value);
    assert_string_equal(buffer, expected);
    assert_int_equal(text.length, strlen(expected));
}

static void numbers_are_those_of_printf(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    const uint64_t edges[] = {0, 1, 9, 10, 15, 16, 99, 100, INT64_MAX, (uint64_t)INT64_MIN,
                              (uint64_t)INT64_MIN + 1, UINT64_MAX, UINT64_MAX - 1};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        check_numbers(edges[i]);
    }
    for (int i = 0; i < 20000; i++) {
        check_numbers(rng_next(&rng) >> rng_below(&rng, 64));
    }
}

/* Every capacity, with a byte behind that must stay as it is. */
static void what_does_not_fit_is_cut(void **state) {
    (void)state;
    static const char whole[] = "abc-18446744073709551615";
    for (size_t capacity = 1; capacity < sizeof whole + 5; capacity++) {
        char buffer[64];
        struct text text;
        memset(buffer, '#', sizeof buffer);
        text_init(&text, buffer, capacity);
        text_add(&text, "abc-");
        text_add_unsigned(&text, UINT64_MAX);
        bool fits = capacity >= sizeof whole;
        assert_true(text.cut == !fits);
        assert_int_equal(text.length, fits ? sizeof whole - 1 : capacity - 1);
        assert_memory_equal(buffer, whole, text.length);
        assert_int_equal(buffer[text.length], '\0');
        assert_int_equal(buffer[capacity], '#');
        text_add(&text, "");
        assert_true(text.cut == !fits);
        text_add(&text, "0123456789");
        assert_true(text.cut);
        assert_int_equal(text.length, capacity - 1);
        assert_int_equal(buffer[capacity - 1], '\0');
        assert_int_equal(buffer[capacity], '#');
    }
}

static void lines_and_columns_stay_so(void **state) {
    (void)state;
    char buffer[64];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add_escaped(&text, "a b\t\n\\\x7f\x1f\0\xc3\xbc~", 12);
    assert_string_equal(buffer, "a b\\x09\\x0a\\x5c\\x7f\\x1f\\x00\xc3\xbc~");
    text_init(&text, buffer, 4);
    text_add_escaped(&text, "ab\n", 3);
    assert_string_equal(buffer, "ab\\");
    assert_true(text.cut);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_follow_each_other),
        cmocka_unit_test(numbers_are_those_of_printf),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(lines_and_columns_stay_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
