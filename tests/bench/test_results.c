/* SPDX-License-Identifier: MIT */
/* Medians, ratios, means and targets of made-up measurements. */
#include "bench/geometric_mean.h"
#include "bench/results.h"
#include "bench/targets.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Three allocators: ours, one that is there, one that is GlusterFS. */
static struct peer_list peers;
static struct results results;

enum { OTHER = 1, GLUSTERFS = 2 };

static int begin(void **state) {
    (void)state;
    memset(&peers, 0, sizeof(peers));
    memset(&results, 0, sizeof(results));
    peers.n = 3;
    (void)snprintf(peers.peers[PEER_OURS].name, PEER_NAME_BYTES, "mempool");
    (void)snprintf(peers.peers[OTHER].name, PEER_NAME_BYTES, "other");
    (void)snprintf(peers.peers[GLUSTERFS].name, PEER_NAME_BYTES, "glusterfs");
    results.peers = &peers;
    return 0;
}

static void put_samples(size_t case_index, size_t peer, const double *samples, size_t n) {
    struct measurement *measurement = &results.measurements[case_index][peer];
    measurement->state = MEASUREMENT_DONE;
    measurement->n = n;
    memcpy(measurement->samples, samples, n * sizeof(*samples));
}

static void put_one(size_t case_index, size_t peer, double value) {
    put_samples(case_index, peer, &value, 1);
}

static bool is_near(double a, double b) {
    return fabs(a - b) < 1e-9;
}

static size_t first_of_kind(enum case_kind kind) {
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (bench_cases[i].kind == kind) {
            return i;
        }
    }
    fail_msg("no case of kind %d", (int)kind);
    return 0;
}

static void test_case_table(void **state) {
    (void)state;
    assert_in_range(bench_n_cases, 30, CASES_MAX);
    for (size_t i = 0; i < bench_n_cases; i++) {
        assert_non_null(case_kind_text(bench_cases[i].kind));
        assert_non_null(case_group_title(bench_cases[i].group));
        for (size_t j = i + 1; j < bench_n_cases; j++) {
            assert_string_not_equal(bench_cases[i].name, bench_cases[j].name);
        }
        /* A group is one stretch of the table: the report prints its title once. */
        assert_true(i == 0 || bench_cases[i].group >= bench_cases[i - 1].group);
    }
}

static void test_geometric_mean(void **state) {
    (void)state;
    struct geometric_mean mean = {0};
    assert_true(is_near(geometric_mean_value(&mean), 0.0));
    geometric_mean_add(&mean, 2.0);
    geometric_mean_add(&mean, 8.0);
    assert_true(is_near(geometric_mean_value(&mean), 4.0));
}

static void test_median_leaves_samples(void **state) {
    (void)state;
    const double samples[] = {9.0, 1.0, 5.0, 3.0, 100.0};
    put_samples(0, OTHER, samples, 5);
    assert_true(is_near(results_median(&results, 0, OTHER), 5.0));
    /* In the order of the rounds, as the JSON report shows them. */
    assert_memory_equal(results.measurements[0][OTHER].samples, samples, sizeof(samples));
    struct spread spread = measurement_spread(&results.measurements[0][OTHER]);
    assert_true(is_near(spread.min, 1.0) && is_near(spread.max, 100.0));
}

static void test_best_peer(void **state) {
    (void)state;
    put_one(0, PEER_OURS, 1.0);
    assert_int_equal(results_best_peer(&results, 0), -1);
    assert_true(is_near(results_ratio(&results, 0, -1), 0.0));
    put_one(0, OTHER, 4.0);
    put_one(0, GLUSTERFS, 8.0);
    assert_int_equal(results_best_peer(&results, 0), OTHER);
    assert_true(is_near(results_ratio(&results, 0, OTHER), 0.25));
    /* What failed is no peer, whatever its samples. */
    results.measurements[0][OTHER].state = MEASUREMENT_FAILED;
    assert_int_equal(results_best_peer(&results, 0), GLUSTERFS);
    assert_int_equal(results_failures(&results), 1);
}

/* The target whose text begins so. */
static struct target find_target(const char *beginning) {
    struct target targets[TARGETS_MAX];
    size_t n = targets_evaluate(&results, targets);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(targets[i].text, beginning, strlen(beginning)) == 0) {
            return targets[i];
        }
    }
    fail_msg("no target '%s'", beginning);
    return targets[0];
}

static void test_targets_unmeasured(void **state) {
    (void)state;
    struct target targets[TARGETS_MAX];
    size_t n = targets_evaluate(&results, targets);
    assert_int_equal(n, 15);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(targets[i].state, TARGET_NOT_MEASURED);
    }
}

static void test_targets_of_ratios(void **state) {
    (void)state;
    size_t lifo = first_of_kind(CASE_LIFO_1);
    size_t fifo = first_of_kind(CASE_FIFO);
    put_one(lifo, PEER_OURS, 5.0);
    put_one(lifo, OTHER, 10.0);
    put_one(lifo, GLUSTERFS, 20.0);
    put_one(fifo, PEER_OURS, 12.0);
    put_one(fifo, OTHER, 10.0);
    put_one(fifo, GLUSTERFS, 20.0);
    struct target mean = find_target("geometric mean");
    assert_int_equal(mean.n, 2);
    assert_true(is_near(mean.value, sqrt(0.5 * 1.2)));
    assert_int_equal(mean.state, TARGET_REACHED);
    struct target worst = find_target("worst single-thread");
    assert_true(is_near(worst.value, 1.2));
    assert_int_equal(worst.worst_case, (int)fifo);
    assert_int_equal(worst.state, TARGET_MISSED);
    struct target glusterfs = find_target("get and put, of GlusterFS");
    assert_true(is_near(glusterfs.value, 0.6));
    assert_int_equal(glusterfs.state, TARGET_MISSED);
    assert_int_equal(find_target("replay, of GlusterFS").state, TARGET_NOT_MEASURED);
}

static void test_target_of_threads(void **state) {
    (void)state;
    size_t threads = first_of_kind(CASE_PRODUCER_CONSUMER);
    put_one(threads, PEER_OURS, 6.0);
    put_one(threads, OTHER, 10.0);
    struct target target = find_target("producer and consumer");
    assert_true(is_near(target.value, 0.6));
    assert_int_equal(target.state, TARGET_REACHED); /* at most: the limit itself is reached */
    /* Two threads are not a single-thread case. */
    assert_int_equal(find_target("geometric mean").state, TARGET_NOT_MEASURED);
}

/* The best of the mallocs decides, and no other peer. */
static void test_targets_of_heap(void **state) {
    (void)state;
    enum { GLIBC = 3, TCMALLOC = 4 };
    peers.n = 5;
    (void)snprintf(peers.peers[GLIBC].name, PEER_NAME_BYTES, "glibc");
    (void)snprintf(peers.peers[TCMALLOC].name, PEER_NAME_BYTES, "tcmalloc");
    size_t replay = first_of_kind(CASE_HEAP_REPLAY);
    put_one(replay, PEER_OURS, 10.0);
    put_one(replay, OTHER, 1.0);
    assert_int_equal(find_target("replay with a heap, of the best").state, TARGET_NOT_MEASURED);
    put_one(replay, GLIBC, 20.0);
    put_one(replay, TCMALLOC, 8.0);
    put_one(replay, GLUSTERFS, 40.0);
    struct target malloc_target = find_target("replay with a heap, of the best");
    assert_true(is_near(malloc_target.value, 1.25));
    assert_int_equal(malloc_target.state, TARGET_MISSED);
    assert_true(is_near(find_target("replay with a heap, of GlusterFS").value, 0.25));
    put_one(first_of_kind(CASE_RESIDENT_HEAP), PEER_OURS, 110.0);
    put_one(first_of_kind(CASE_RESIDENT_HEAP), GLIBC, 100.0);
    assert_int_equal(find_target("growth in the replay with a heap").state, TARGET_REACHED);
    put_one(first_of_kind(CASE_HEAP_LIFO), PEER_OURS, 13.0);
    put_one(first_of_kind(CASE_HEAP_LIFO), GLIBC, 10.0);
    assert_int_equal(find_target("malloc and free at once").state, TARGET_MISSED);
    /* Nor does the heap move what is said of pools. */
    assert_int_equal(find_target("geometric mean").state, TARGET_NOT_MEASURED);
    assert_int_equal(find_target("replay, of the best").state, TARGET_NOT_MEASURED);
}

static void test_target_of_bulk(void **state) {
    (void)state;
    size_t bulk = first_of_kind(CASE_BULK);
    put_one(bulk, PEER_OURS, 4.0);
    assert_int_equal(find_target("bulk").state, TARGET_NOT_MEASURED);
    put_one(first_of_kind(CASE_ONE_BY_ONE), PEER_OURS, 10.0);
    assert_true(is_near(find_target("bulk").value, 0.4));
    /* Compared with a peer it counts in one mean and not in the other. */
    put_one(bulk, OTHER, 8.0);
    size_t lifo = first_of_kind(CASE_LIFO_1);
    put_one(lifo, PEER_OURS, 9.0);
    put_one(lifo, OTHER, 10.0);
    assert_true(is_near(targets_mean(&results, true), sqrt(0.5 * 0.9)));
    assert_true(is_near(targets_mean(&results, false), 0.9));
}

static void test_targets_of_memory(void **state) {
    (void)state;
    put_one(first_of_kind(CASE_RESIDENT_REPLAY), PEER_OURS, 4096.0); /* KiB */
    struct target replay = find_target("resident growth");
    assert_true(is_near(replay.value, 4.0)); /* MiB */
    assert_int_equal(replay.state, TARGET_MISSED);
    put_one(first_of_kind(CASE_POOL_IDLE), PEER_OURS, 0.5);
    assert_int_equal(find_target("an idle pool").state, TARGET_REACHED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_table),
        cmocka_unit_test(test_geometric_mean),
        cmocka_unit_test_setup(test_median_leaves_samples, begin),
        cmocka_unit_test_setup(test_best_peer, begin),
        cmocka_unit_test_setup(test_targets_unmeasured, begin),
        cmocka_unit_test_setup(test_targets_of_ratios, begin),
        cmocka_unit_test_setup(test_target_of_threads, begin),
        cmocka_unit_test_setup(test_target_of_bulk, begin),
        cmocka_unit_test_setup(test_targets_of_heap, begin),
        cmocka_unit_test_setup(test_targets_of_memory, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
