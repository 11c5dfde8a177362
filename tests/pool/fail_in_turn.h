/* SPDX-License-Identifier: MIT */
/* Each call for memory fails in turn, each in a process of its own. */
#ifndef TESTS_POOL_FAIL_IN_TURN_H
#define TESTS_POOL_FAIL_IN_TURN_H

#include "unit.h"

#include "child.h"
#include "faults.h"
#include "scale.h"

enum {
    NOTHING_FAILED = 3, /* what a run returns when there was no such call */
    RUNS_MAX = 5000,
};

/* Which calls fail: the first, or that one and all later ones. */
struct failure {
    unsigned kinds;
    uint64_t first;
    bool and_later;
};

/* One run for each call, until the call that would fail is none any more. */
static inline void fail_in_turn(int (*run)(void *), struct failure failure, unsigned runs_min) {
    unsigned n_runs = 0;
    uint64_t step = test_runtime_is_plain() ? 1 : 4;
    int status = 0;
    for (; status == 0; failure.first += step) {
        status = child_status(run, &failure);
        n_runs++;
        if (status != 0 && status != NOTHING_FAILED) {
            fail_msg("call %llu failed%s: status %d", (unsigned long long)failure.first,
                     failure.and_later ? ", and all later ones" : "", status);
        }
        assert_true(n_runs < RUNS_MAX);
    }
    assert_true(n_runs * step > runs_min);
}

#endif
