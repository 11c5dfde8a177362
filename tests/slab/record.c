/* SPDX-License-Identifier: MIT */
/* The record of a slot: its fields do not run into each other, its states exclude each other. */
#include "unit.h"

#include "rng.h"

#include "slab/record.h"

static uint32_t stamp_of(uint32_t seconds, uint32_t thread) {
    return seconds << RECORD_TIME_SHIFT | thread << RECORD_THREAD_SHIFT;
}

static void fields_come_back(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (int i = 0; i < 100000; i++) {
        uintptr_t site = (uintptr_t)rng_next(&rng);
        uint32_t seconds = (uint32_t)rng_below(&rng, RECORD_TIME_MASK + 1);
        uint32_t thread = (uint32_t)rng_below(&rng, RECORD_THREAD_MASK);
        unsigned was = (unsigned)rng_below(&rng, 3);
        uint64_t value = record_make(site, stamp_of(seconds, thread), was);
        assert_int_equal(record_site(value), (uint32_t)site);
        assert_int_equal(record_time(value), seconds);
        assert_int_equal(record_thread(value), thread);
        for (unsigned next = RECORD_HOME; next <= RECORD_LIVE; next++) {
            uint64_t changed = record_with_state(value, next);
            assert_int_equal(changed & RECORD_STATE_MASK, next);
            assert_true(changed >> RECORD_THREAD_SHIFT == value >> RECORD_THREAD_SHIFT);
        }
    }
}

/* Exactly one of: at home, free, live, raw. */
static void states_exclude_each_other(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (int i = 0; i < 100000; i++) {
        uint32_t stamp = stamp_of((uint32_t)rng_below(&rng, RECORD_TIME_MASK + 1),
                                  (uint32_t)rng_below(&rng, RECORD_THREAD_MASK));
        uint64_t free_value = record_make((uintptr_t)rng_next(&rng), stamp, RECORD_FREE);
        uint64_t live_value = record_with_state(free_value, RECORD_LIVE);
        uint64_t home_value = record_with_state(free_value, RECORD_HOME);
        assert_true(record_is_free(free_value));
        assert_false(record_is_live(free_value) || record_is_home(free_value));
        assert_true(record_is_live(live_value));
        assert_false(record_is_free(live_value) || record_is_home(live_value));
        assert_true(record_is_home(home_value));
        assert_false(record_is_free(home_value) || record_is_live(home_value));
    }
    assert_true(record_is_home(0));
    assert_false(record_is_home(RECORD_RAW) || record_is_free(RECORD_RAW) ||
                 record_is_live(RECORD_RAW));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(states_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
