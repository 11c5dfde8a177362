/* SPDX-License-Identifier: MIT */
/* Small parts of the harness: medians and mapped memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replay/contenders.h"
#include "replay/memory.h"
#include "replay/resident.h"
#include "replay/spread.h"

static void expect_near(double found, double wanted) {
    if (found < wanted - 1e-9 || found > wanted + 1e-9) {
        fail_msg("%f, not %f", found, wanted);
    }
}

static void test_spread(void **state) {
    (void)state;
    double odd[] = {5, 1, 4, 2, 3};
    struct spread spread = spread_of(odd, 5);
    expect_near(spread.median, 3);
    expect_near(spread.low_quartile, 2);
    expect_near(spread.high_quartile, 4);
    expect_near(spread.min, 1);
    expect_near(spread.max, 5);
    expect_near(spread_relative(&spread), 2.0 / 3);
    double even[] = {40, 10, 20, 30};
    spread = spread_of(even, 4);
    expect_near(spread.median, 25);
    expect_near(spread.low_quartile, 17.5);
    expect_near(spread.high_quartile, 32.5);
    double one[] = {7};
    spread = spread_of(one, 1);
    expect_near(spread.median, 7);
    expect_near(spread.max, 7);
    expect_near(spread_relative(&spread), 0);
    double none[] = {0, 0};
    spread = spread_of(none, 2);
    expect_near(spread_relative(&spread), 0);
}

static void test_memory(void **state) {
    (void)state;
    struct replay_memory memory = {0};
    char *small[3000];
    for (size_t i = 0; i < 3000; i++) {
        small[i] = replay_memory_take(&memory, i % 300, 1);
        assert_non_null(small[i]);
        assert_int_equal((uintptr_t)small[i] % 64, 0);
        memset(small[i], (int)(i % 127) + 1, i % 300);
    }
    char *large = replay_memory_take(&memory, 1000, 1000);
    assert_non_null(large);
    assert_int_equal(large[0], 0);
    assert_int_equal(large[999999], 0);
    memset(large, 1, 1000000);
    char *fresh = replay_memory_take(&memory, 100, 1);
    assert_int_equal(fresh[0], 0);
    for (size_t i = 0; i < 3000; i++) {
        for (size_t at = 0; at < i % 300; at++) {
            assert_int_equal(small[i][at], (char)((i % 127) + 1));
        }
    }
    errno = 0;
    assert_null(replay_memory_take(&memory, SIZE_MAX / 2, 3));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(replay_memory_take(&memory, SIZE_MAX - 10, 1));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(replay_memory_take(&memory, (SIZE_MAX >> 2) & ~(size_t)0xfff, 1));
    assert_int_equal(errno, ENOMEM);
    replay_memory_release(&memory);
    assert_null(memory.blocks);
    replay_memory_release(&memory);
}

/* What is touched counts, what is only reserved does not. */
static void test_resident_now(void **state) {
    (void)state;
    enum { BYTES = 32 << 20 };
    struct replay_memory memory = {0};
    bool is_exact;
    uint64_t before = resident_now(&is_exact);
    assert_true(before > 0);
    char *block = replay_memory_take(&memory, BYTES, 1);
    assert_non_null(block);
    uint64_t reserved = resident_now(&is_exact);
    assert_true(reserved < before + BYTES / 2);
    memset(block, 1, BYTES);
    uint64_t touched = resident_now(&is_exact);
    assert_true(touched >= before + BYTES - (1 << 20));
    replay_memory_release(&memory);
    assert_true(resident_now(&is_exact) < touched - BYTES / 2);
}

static void test_contender_names(void **state) {
    (void)state;
    assert_ptr_equal(contender_by_name("mempool"), &contender_mempool);
    assert_ptr_equal(contender_by_name("harness"), &contender_harness);
    assert_null(contender_by_name("mallo"));
    assert_null(contender_by_name(""));
    assert_ptr_equal(contender_at(0), &contender_mempool);
    assert_null(contender_at(4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_resident_now),
        cmocka_unit_test(test_contender_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
