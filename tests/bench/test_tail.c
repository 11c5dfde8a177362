/* SPDX-License-Identifier: MIT */
/* The histogram of single calls: every time has a bucket, and what is exceeded is found. */
#include "bench/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_buckets(void **state) {
    (void)state;
    uint64_t state_of_times = 1;
    for (unsigned bits = 1; bits < 64; bits++) {
        for (int i = 0; i < 1000; i++) {
            state_of_times = state_of_times * 6364136223846793005u + 1442695040888963407u;
            uint64_t ns = state_of_times >> (64 - bits);
            size_t bucket = tail_bucket(ns);
            assert_true(bucket < TAIL_BUCKETS);
            assert_true(tail_bucket_ns(bucket) <= ns);
            assert_true(ns - tail_bucket_ns(bucket) <= ns / TAIL_PARTS);
        }
    }
    assert_true(tail_bucket(UINT64_MAX) < TAIL_BUCKETS);
    for (size_t bucket = 1; bucket <= tail_bucket(UINT64_MAX); bucket++) {
        assert_int_equal(tail_bucket(tail_bucket_ns(bucket)), bucket);
        assert_true(tail_bucket_ns(bucket) > tail_bucket_ns(bucket - 1));
    }
}

static void test_exceeded(void **state) {
    (void)state;
    static struct tail tail;
    assert_true(tail_exceeded(&tail, 1000) == 0);
    for (int i = 0; i < 9990; i++) {
        tail_note(&tail, 10);
    }
    for (int i = 0; i < 9; i++) {
        tail_note(&tail, 1024);
    }
    tail_note(&tail, 65536);
    assert_true(tail_exceeded(&tail, 100) == 10);
    assert_true(tail_exceeded(&tail, 1000) == 1024);
    assert_true(tail_exceeded(&tail, 10000) == 65536);
    assert_true(tail_exceeded(&tail, 10001) == 0); /* fewer than that */
    assert_true(tail_exceeded(&tail, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_exceeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
