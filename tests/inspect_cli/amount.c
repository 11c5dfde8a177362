/* SPDX-License-Identifier: MIT */
/* Amounts as people read and write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/amount.h"
#include "cli/verb.h"

static void test_bytes(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } samples[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1075, "1.0 KiB"},
        {1076, "1.1 KiB"},
        {1024 * 1024 - 1, "1.0 MiB"},
        {1023 * 1024, "1023.0 KiB"},
        {1024 * 1024, "1.0 MiB"},
        {UINT64_C(5) << 30, "5.0 GiB"},
        {UINT64_C(1) << 40, "1.0 TiB"},
        {UINT64_C(1) << 50, "1.0 PiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_string_equal(amount_bytes(samples[i].bytes, false).text, samples[i].text);
    }
    assert_string_equal(amount_bytes(UINT64_MAX, true).text, "18446744073709551615");
    assert_string_equal(amount_growth(0, false).text, "+0 B");
    assert_string_equal(amount_growth(-2048, false).text, "-2.0 KiB");
    assert_string_equal(amount_growth(INT64_MIN, true).text, "-9223372036854775808");
    assert_string_equal(amount_limit(0, true).text, "-");
    assert_string_equal(amount_limit(1024, false).text, "1.0 KiB");
    assert_string_equal(amount_share(1, 3).text, "33.3 %");
    assert_string_equal(amount_share(0, 0).text, "-");
}

static void test_times(void **state) {
    (void)state;
    assert_string_equal(amount_age(-1).text, "?");
    assert_string_equal(amount_age(0).text, "0 s");
    assert_string_equal(amount_age(59).text, "59 s");
    assert_string_equal(amount_age(60).text, "1 min");
    assert_string_equal(amount_age(3599).text, "59 min");
    assert_string_equal(amount_age(7500).text, "2 h 5 min");
    assert_string_equal(amount_age(86400 * 4 + 7200).text, "4 d 2 h");
    assert_string_equal(amount_age(INT64_MAX).text, "106751991167300 d 15 h");
    setenv("TZ", "UTC", 1);
    tzset();
    assert_string_equal(amount_moment(1700000000).text, "2023-11-14 22:13:20");
    assert_string_equal(amount_moment(INT64_MAX).text, "?");
}

/* CLI_BAD_USAGE, and nothing else changed. */
static void is_no_time(const char *text) {
    uint64_t ms = 77;
    assert_int_equal(amount_parse_time("test", "--time", text, 10, 3600000, &ms), CLI_BAD_USAGE);
    assert_int_equal(ms, 77);
}

static void test_parse(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } samples[] = {
        {"10ms", 10}, {"500ms", 500}, {"1", 1000},        {"10s", 10000},
        {"2m", 120000}, {"2min", 120000}, {"1h", 3600000}, {"3600s", 3600000},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint64_t ms = 0;
        assert_int_equal(amount_parse_time("test", "--time", samples[i].text, 10, 3600000, &ms),
                         CLI_OK);
        assert_int_equal(ms, samples[i].ms);
    }
    static const char *const bad[] = {"",     "s",    "-1s",  "+1s", "1.5s",  " 1s",
                                      "1 s",  "1y",   "9ms",  "0s",  "3601s", "2h",
                                      "1d",   "18446744073709551616ms"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_no_time(bad[i]);
    }
    unsigned seconds = 0;
    assert_int_equal(amount_parse_age("test", "--min-age", "90", &seconds), CLI_OK);
    assert_int_equal(seconds, 90);
    assert_int_equal(amount_parse_age("test", "--min-age", "10m", &seconds), CLI_OK);
    assert_int_equal(seconds, 600);
    assert_int_equal(amount_parse_age("test", "--min-age", "1500ms", &seconds), CLI_OK);
    assert_int_equal(seconds, 2);
    assert_int_equal(amount_parse_age("test", "--min-age", "13d", &seconds), CLI_BAD_USAGE);
    assert_int_equal(amount_parse_age("test", "--min-age", "1048577", &seconds), CLI_BAD_USAGE);
    assert_int_equal(seconds, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
